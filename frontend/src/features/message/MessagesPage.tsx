import { Button, Select, Tooltip } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  Ban,
  Check,
  CheckCheck,
  CircleHelp,
  Clock,
  CornerDownRight,
  MessageSquare,
  RotateCw,
  Smartphone,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import { cancelMessage, messageKeys, messagesQuery, resendMessage, type MessageFilter } from '@/api/messages';
import { useCan, useErrorText, useReport } from '@/api/react';
import type { Message } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Empty, Failed, Page, PhoneNumber, SkeletonRows, type Tone } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import { Segmented } from '@/ui/Segmented';
import css from './message.module.css';

const looks: Record<string, { icon: LucideIcon; tone: Tone }> = {
  queued: { icon: Clock, tone: 'plain' },
  sending: { icon: Clock, tone: 'plain' },
  accepted: { icon: Check, tone: 'plain' },
  sent: { icon: Check, tone: 'plain' },
  delivered: { icon: CheckCheck, tone: 'good' },
  received: { icon: CornerDownRight, tone: 'accent' },
  failed: { icon: TriangleAlert, tone: 'bad' },
  undelivered: { icon: TriangleAlert, tone: 'bad' },
  refused: { icon: TriangleAlert, tone: 'bad' },
  unknown: { icon: CircleHelp, tone: 'warn' },
  cancelled: { icon: Ban, tone: 'plain' },
};
const again = new Set(['failed', 'undelivered', 'unknown']);

/** Every SMS with its true state: sent once, or said to be unknown. */
export function MessagesPage(props: { filter: MessageFilter; onFilter(part: Partial<MessageFilter>): void }) {
  const t = useT();
  const code = useCode();
  const errorText = useErrorText();
  const { filter, onFilter } = props;
  const query = useInfiniteQuery(messagesQuery(filter));
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <Page
      title={t('nav.messages')}
      testId="messages-page"
      lead={
        <>
          <Segmented
            value={filter.direction ?? ''}
            onChange={(direction) => onFilter({ direction: direction || undefined })}
            label={t('sms.direction')}
            data={[
              { value: '', label: t('sms.all') },
              { value: 'out', label: t('sms.out') },
              { value: 'in', label: t('sms.in') },
            ]}
          />
          <Select
            aria-label={t('sms.state')}
            placeholder={t('sms.any_state')}
            clearable
            w={180}
            value={filter.state ?? null}
            onChange={(state) => onFilter({ state: state ?? undefined })}
            data={Object.keys(looks).map((state) => ({ value: state, label: code('sms.state', state) }))}
            data-testid="messages-state"
          />
        </>
      }
      actions={
        <Button
          component={Link}
          {...({ to: '/messages/outbox' } as object)}
          variant="default"
          leftSection={<Smartphone size={14} aria-hidden />}
          data-testid="open-outbox"
        >
          {t('nav.outbox')}
        </Button>
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={12} />
      ) : query.isError && rows.length === 0 ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty icon={MessageSquare} title={t('sms.none')}>
          {t('sms.none.text')}
        </Empty>
      ) : (
        <ul className={css.list}>
          {rows.map((message) => (
            <Row key={message.id} message={message} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <p style={{ padding: '12px 20px', margin: 0 }}>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('action.load_more')}
          </Button>
        </p>
      )}
    </Page>
  );
}

function Row(props: { message: Message }) {
  const { message } = props;
  const t = useT();
  const can = useCan();
  const code = useCode();
  const report = useReport();
  const toast = useToast();
  const format = useFormat();
  const now = useNow(false);
  const cache = useQueryClient();
  const done = (text: string) => {
    toast.done(text);
    void cache.invalidateQueries({ queryKey: messageKeys.all });
  };
  const resend = useMutation({
    mutationFn: () => resendMessage(message.id),
    onSuccess: () => done(t('sms.resent')),
    onError: report,
  });
  const cancel = useMutation({
    mutationFn: () => cancelMessage(message.id),
    onSuccess: () => done(t('sms.cancelled')),
    onError: report,
  });
  const { icon, tone } = looks[message.state] ?? { icon: CircleHelp, tone: 'plain' as Tone };
  const number = message.direction === 'in' ? message.from : message.to;
  return (
    <li className={css.row} data-testid="message-row" data-message-id={message.id} data-state={message.state}>
      <time className="soft" title={format.exact(message.created_at)}>
        {format.when(message.created_at, now)}
      </time>
      <div className={css.who}>
        {message.client_id ? (
          <Link to="/clients/$clientId" params={{ clientId: String(message.client_id) }} className="strong truncate">
            {message.client_name}
          </Link>
        ) : (
          <span className="soft">{t('lead.unknown')}</span>
        )}
        <PhoneNumber number={number} clientId={message.client_id} leadId={message.lead_id} />
      </div>
      <div className="grow">
        <p className={css.body}>{message.body}</p>
        {(message.error || message.state === 'unknown') && (
          <p className={css.reason} data-testid="message-reason">
            {message.state === 'unknown' ? t('sms.unknown.why') : ''} {message.error}
            {message.error_code ? ` (${message.error_code})` : ''}
          </p>
        )}
      </div>
      <Tooltip label={message.delivered_at ? format.exact(message.delivered_at) : ''} disabled={!message.delivered_at}>
        <span>
          <Badge tone={tone} icon={icon} state={message.state} testId="message-state">
            {code('sms.state', message.state)}
          </Badge>
        </span>
      </Tooltip>
      <div className={css.actions}>
        {can('messages.send') && message.direction === 'out' && again.has(message.state) && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<RotateCw size={12} aria-hidden />}
            loading={resend.isPending}
            onClick={() => resend.mutate()}
            data-testid="message-resend"
          >
            {t('sms.resend')}
          </Button>
        )}
        {can('messages.send') && message.state === 'queued' && (
          <Button
            size="compact-xs"
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate()}
            data-testid="message-cancel"
          >
            {t('sms.cancel')}
          </Button>
        )}
      </div>
    </li>
  );
}
