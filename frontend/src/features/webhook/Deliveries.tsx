import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Check, CircleX, Clock, Inbox } from 'lucide-react';
import { useState } from 'react';
import { useErrorText, useReport } from '@/api/react';
import { deliveriesQuery, replayDelivery, testWebhook, webhookKeys, type Delivery, type Webhook } from '@/api/webhooks';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Badge, Empty, Failed, Section, SkeletonRows } from '@/ui/kit';
import css from './webhook.module.css';

/** What a webhook was told, and what it said to that. */
export function Deliveries(props: { webhook: Webhook }) {
  const { webhook } = props;
  const t = useT();
  const report = useReport();
  const cache = useQueryClient();
  const test = useMutation({
    mutationFn: () => testWebhook(webhook.id),
    onSuccess: () => cache.invalidateQueries({ queryKey: webhookKeys.deliveries(webhook.id) }),
    onError: report,
  });
  return (
    <Section
      title={t('webhook.log', { name: webhook.name })}
      testId="webhook-log"
      actions={
        <Button
          size="compact-sm"
          variant="default"
          loading={test.isPending}
          disabled={webhook.state !== 'active'}
          onClick={() => test.mutate()}
          data-testid="webhook-test"
        >
          {t('webhook.test')}
        </Button>
      }
    >
      <Log webhook={webhook} />
    </Section>
  );
}

function Log(props: { webhook: Webhook }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useInfiniteQuery(deliveriesQuery(props.webhook.id));
  if (query.isPending) return <SkeletonRows rows={4} />;
  if (query.isError) return <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />;
  const rows = query.data.pages.flat();
  if (rows.length === 0) {
    return (
      <Empty small icon={Inbox} title={t('webhook.log.none')}>
        {t('webhook.log.none.help')}
      </Empty>
    );
  }
  return (
    <>
      <ul className={css.log}>
        {rows.map((each) => (
          <Entry key={each.id} delivery={each} asleep={props.webhook.state !== 'active'} />
        ))}
      </ul>
      {query.hasNextPage && (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('action.load_more')}
        </Button>
      )}
    </>
  );
}

function Result(props: { delivery: Delivery }) {
  const t = useT();
  const { state, status, attempts } = props.delivery;
  const text = status > 0 ? String(status) : t(attempts > 0 ? 'webhook.log.silent' : 'webhook.log.waiting');
  const looks = {
    done: { tone: 'good', icon: Check },
    failed: { tone: 'bad', icon: CircleX },
    waiting: { tone: attempts > 0 ? 'warn' : 'plain', icon: Clock },
  } as const;
  return (
    <Badge tone={looks[state].tone} icon={looks[state].icon} state={state} testId="delivery-state">
      {text}
    </Badge>
  );
}

function Entry(props: { delivery: Delivery; asleep: boolean }) {
  const { delivery } = props;
  const t = useT();
  const now = useNow();
  const format = useFormat();
  const report = useReport();
  const cache = useQueryClient();
  const [open, setOpen] = useState(false);
  const replay = useMutation({
    mutationFn: () => replayDelivery(delivery.id),
    onSuccess: () => cache.invalidateQueries({ queryKey: webhookKeys.deliveries(delivery.webhook_id) }),
    onError: report,
  });
  return (
    <li className={css.entry} data-testid="delivery">
      <div className="row">
        <Result delivery={delivery} />
        <button type="button" className={css.kind} aria-expanded={open} onClick={() => setOpen(!open)}>
          {delivery.kind}
          {delivery.subject > 0 && ` #${delivery.subject}`}
        </button>
        {delivery.replay_of && <span className="soft">{t('webhook.log.replayed')}</span>}
        <span className="soft grow">
          {delivery.attempts > 1 && t('webhook.log.attempts', { n: delivery.attempts })}
          {delivery.state === 'waiting' &&
            delivery.attempts > 0 &&
            delivery.next_at &&
            ` ${t('webhook.log.next', { when: format.when(delivery.next_at, now) })}`}
        </span>
        {delivery.last_at && <span className="soft">{t('webhook.log.took', { n: delivery.took_ms })}</span>}
        <time className="soft" title={format.exact(delivery.created_at)}>
          {format.when(delivery.created_at, now)}
        </time>
        <Button
          size="compact-xs"
          variant="default"
          disabled={props.asleep}
          loading={replay.isPending}
          onClick={() => replay.mutate()}
          aria-label={t('webhook.replay_this', { id: delivery.id })}
          data-testid="delivery-replay"
        >
          {t('webhook.replay')}
        </Button>
      </div>
      {open && (
        <dl className={css.detail}>
          <dt>webhook-id</dt>
          <dd>
            <code>{delivery.event_id}</code>
          </dd>
          <dt>{t('webhook.log.body')}</dt>
          <dd>
            <pre tabIndex={0}>{delivery.body}</pre>
          </dd>
          {(delivery.answer || delivery.problem) && (
            <>
              <dt>{t('webhook.log.answer')}</dt>
              <dd>
                {delivery.problem && <p>{delivery.problem}</p>}
                {delivery.answer && <pre tabIndex={0}>{delivery.answer}</pre>}
              </dd>
            </>
          )}
        </dl>
      )}
    </li>
  );
}
