import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CirclePause, Plus, TriangleAlert, Webhook as WebhookIcon } from 'lucide-react';
import { useState } from 'react';
import { useErrorText, useReport } from '@/api/react';
import { changeWebhook, webhookKeys, webhooksQuery, type Webhook } from '@/api/webhooks';
import { useT } from '@/lib/i18n';
import { Badge, Empty, Failed, SkeletonRows } from '@/ui/kit';
import { SecretOnce } from '@/ui/SecretOnce';
import { Deliveries } from './Deliveries';
import { WebhookForm } from './WebhookForm';
import css from './webhook.module.css';

/** Which programs are told of what, and how that went. */
export function WebhooksPage(props: { selected: number | undefined }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(webhooksQuery);
  const [editing, setEditing] = useState<Webhook | 'new' | null>(null);
  const [secret, setSecret] = useState('');
  if (query.isPending) return <SkeletonRows rows={4} />;
  if (query.isError) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  const { items, kinds } = query.data;
  const selected = items.find((each) => each.id === props.selected);
  return (
    <div className={css.sheet} data-testid="webhooks-page">
      {secret && (
        <SecretOnce label={t('webhook.secret')} secret={secret} onClose={() => setSecret('')} testId="webhook-secret" />
      )}
      {editing ? (
        <WebhookForm
          key={editing === 'new' ? 0 : editing.id}
          webhook={editing === 'new' ? null : editing}
          kinds={kinds}
          onDone={(made) => {
            setEditing(null);
            if (made) setSecret(made);
          }}
        />
      ) : (
        <div className={css.head}>
          <p className="soft grow">
            {t('webhook.help')} <Link to="/api/docs">{t('webhook.docs')}</Link>
          </p>
          <Button
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setEditing('new')}
            data-testid="new-webhook"
          >
            {t('webhook.new')}
          </Button>
        </div>
      )}
      {items.length === 0 && !editing && (
        <Empty icon={WebhookIcon} title={t('webhook.none')}>
          {t('webhook.none.help')}
        </Empty>
      )}
      <ul className={css.list}>
        {items.map((each) => (
          <Row key={each.id} webhook={each} selected={each.id === selected?.id} onEdit={() => setEditing(each)} />
        ))}
      </ul>
      {selected && <Deliveries key={selected.id} webhook={selected} />}
    </div>
  );
}

function StateBadge(props: { webhook: Webhook }) {
  const t = useT();
  const { state, failing_since } = props.webhook;
  if (state === 'disabled') {
    return (
      <Badge tone="bad" icon={TriangleAlert} state={state}>
        {t('webhook.state.disabled')}
      </Badge>
    );
  }
  if (state === 'paused') {
    return (
      <Badge icon={CirclePause} state={state}>
        {t('webhook.state.paused')}
      </Badge>
    );
  }
  if (failing_since) {
    return (
      <Badge tone="warn" icon={TriangleAlert} state="failing">
        {t('webhook.state.failing')}
      </Badge>
    );
  }
  return (
    <Badge tone="good" icon={CircleCheck} state={state}>
      {t('webhook.state.active')}
    </Badge>
  );
}

function Row(props: { webhook: Webhook; selected: boolean; onEdit(): void }) {
  const { webhook } = props;
  const t = useT();
  const report = useReport();
  const cache = useQueryClient();
  const active = webhook.state === 'active';
  const toggle = useMutation({
    mutationFn: () =>
      changeWebhook(webhook.id, { name: webhook.name, url: webhook.url, events: webhook.events, active: !active }),
    onSuccess: () => cache.invalidateQueries({ queryKey: webhookKeys.all }),
    onError: report,
  });
  return (
    <li className={css.row} data-selected={props.selected || undefined} data-testid="webhook-row">
      <div className={css.what}>
        <div className="row">
          <Link to="/settings/webhooks" search={{ id: props.selected ? undefined : webhook.id }} className={css.name}>
            {webhook.name}
          </Link>
          <StateBadge webhook={webhook} />
          {webhook.waiting > 0 && <span className="soft">{t('webhook.waiting', { n: webhook.waiting })}</span>}
        </div>
        <code className={css.url}>{webhook.url}</code>
        <span className="soft">{webhook.events.join(', ')}</span>
      </div>
      <Button
        size="compact-sm"
        variant="default"
        loading={toggle.isPending}
        onClick={() => toggle.mutate()}
        aria-label={t(active ? 'webhook.pause_this' : 'webhook.resume_this', { name: webhook.name })}
        data-testid="webhook-toggle"
      >
        {t(active ? 'webhook.pause' : 'webhook.resume')}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        onClick={props.onEdit}
        aria-label={t('webhook.edit_this', { name: webhook.name })}
        data-testid="webhook-edit"
      >
        {t('action.edit')}
      </Button>
    </li>
  );
}
