import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft, MessageSquare, Plug, Reply } from 'lucide-react';
import { useState } from 'react';
import { messageKeys } from '@/api/messages';
import { outboxQuery, replyAsClient } from '@/api/outbox';
import { useErrorText, useReport } from '@/api/react';
import type { OutboxEntry } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useDraft } from '@/lib/draft';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Badge, Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import css from './message.module.css';

/** What the client's telephone would show, where no real carrier is set up. */
export function OutboxPage() {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(outboxQuery);
  const rows = query.data?.items ?? [];
  return (
    <Page
      title={t('outbox.title')}
      testId="outbox-page"
      lead={
        <Link to="/messages" search={{}} className="row soft" style={{ textDecoration: 'none' }}>
          <ArrowLeft size={14} aria-hidden /> {t('nav.messages')}
        </Link>
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={6} />
      ) : !query.data ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : !query.data.loopback ? (
        <Empty icon={Plug} title={t('outbox.off')}>
          {t('outbox.off.text')}
        </Empty>
      ) : (
        <div className={css.outbox}>
          <p className="soft">{t('outbox.help')}</p>
          {rows.length === 0 ? (
            <Empty icon={MessageSquare} title={t('outbox.none')} />
          ) : (
            <ul className={css.bubbles}>
              {rows.map((entry) => (
                <Entry key={entry.sid} entry={entry} />
              ))}
            </ul>
          )}
        </div>
      )}
    </Page>
  );
}

function Entry(props: { entry: OutboxEntry }) {
  const { entry } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const now = useNow(false);
  const [replying, setReplying] = useState(false);
  const inbound = entry.direction === 'inbound';
  return (
    <li data-inbound={inbound || undefined} data-testid="outbox-entry" data-sid={entry.sid} data-status={entry.status}>
      <p className={css.bubble}>{entry.body}</p>
      <p className={css.bubbleFoot}>
        <span className="num">{t('outbox.from_to', { from: entry.from, to: entry.to })}</span>
        <time>{format.when(entry.at, now)}</time>
        <Badge>{code('sms.state', entry.status)}</Badge>
        {!inbound && !replying && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<Reply size={12} aria-hidden />}
            onClick={() => setReplying(true)}
            data-testid="outbox-reply"
          >
            {t('outbox.reply')}
          </Button>
        )}
      </p>
      {replying && <ReplyForm entry={entry} onDone={() => setReplying(false)} />}
    </li>
  );
}

function ReplyForm(props: { entry: OutboxEntry; onDone(): void }) {
  const { entry, onDone } = props;
  const t = useT();
  const toast = useToast();
  const report = useReport();
  const cache = useQueryClient();
  const draft = useDraft(`outbox.${entry.sid}`, '');
  const send = useMutation({
    mutationFn: () => replyAsClient({ from: entry.to, to: entry.from, body: draft.value.trim() }),
    onSuccess: () => {
      draft.clear();
      toast.done(t('outbox.replied'));
      void cache.invalidateQueries({ queryKey: messageKeys.all });
      onDone();
    },
    onError: report,
  });
  return (
    <form
      className="row"
      style={{ alignItems: 'flex-end' }}
      onSubmit={(event) => {
        event.preventDefault();
        if (draft.value.trim()) send.mutate();
      }}
    >
      <Textarea
        className="grow"
        autoFocus
        minRows={1}
        aria-label={t('outbox.reply')}
        value={draft.value}
        onChange={(event) => draft.set(event.currentTarget.value)}
        data-testid="outbox-reply-text"
      />
      <Button type="submit" disabled={!draft.value.trim()} loading={send.isPending} data-testid="outbox-reply-send">
        {t('sms.send')}
      </Button>
    </form>
  );
}
