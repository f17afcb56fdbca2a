import { Button, Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useErrorText, useReport } from '@/api/react';
import { addWebhook, changeWebhook, removeWebhook, renewSecret, webhookKeys, type Webhook } from '@/api/webhooks';
import { useCode, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import css from './webhook.module.css';

/** A webhook to make or to change; onDone gets a secret when there is a new one. */
export function WebhookForm(props: { webhook: Webhook | null; kinds: string[]; onDone(secret?: string): void }) {
  const { webhook } = props;
  const t = useT();
  const code = useCode();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const [name, setName] = useState(webhook?.name ?? '');
  const [url, setURL] = useState(webhook?.url ?? 'https://');
  const [events, setEvents] = useState<string[]>(webhook?.events ?? []);
  const save = useMutation({
    mutationFn: async () => {
      const draft = { name: name.trim(), url: url.trim(), events, active: webhook?.state !== 'paused' };
      if (!webhook) return (await addWebhook(draft)).secret;
      await changeWebhook(webhook.id, draft);
      return undefined;
    },
    onSuccess: async (secret) => {
      await cache.invalidateQueries({ queryKey: webhookKeys.all });
      props.onDone(secret);
    },
  });
  return (
    <form
      className={css.form}
      data-testid="webhook-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label={t('webhook.name')}
        placeholder={t('webhook.name.example')}
        value={name}
        maxLength={60}
        autoFocus
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid="webhook-name"
      />
      <TextInput
        label={t('webhook.url')}
        description={t('webhook.url.help')}
        value={url}
        maxLength={2000}
        type="url"
        onChange={(event) => setURL(event.currentTarget.value)}
        error={save.isError ? errorText(save.error) : undefined}
        data-testid="webhook-url"
      />
      <Checkbox.Group label={t('webhook.events')} value={events} onChange={setEvents}>
        <div className={css.kinds}>
          {props.kinds.map((kind) => (
            <Checkbox
              key={kind}
              value={kind}
              label={code('webhook.kind', kind)}
              description={kind}
              data-testid={`webhook-kind-${kind}`}
            />
          ))}
        </div>
      </Checkbox.Group>
      <div className="row">
        <Button
          type="submit"
          loading={save.isPending}
          disabled={!name.trim() || url.trim().length < 9 || events.length === 0}
          data-testid="webhook-save"
        >
          {t(webhook ? 'action.save' : 'webhook.make')}
        </Button>
        <Button variant="default" onClick={() => props.onDone()}>
          {t('action.cancel')}
        </Button>
        <span className="grow" />
        {webhook && <Danger webhook={webhook} onDone={props.onDone} />}
      </div>
    </form>
  );
}

function Danger(props: { webhook: Webhook; onDone(secret?: string): void }) {
  const { webhook } = props;
  const t = useT();
  const toast = useToast();
  const report = useReport();
  const cache = useQueryClient();
  const [sure, setSure] = useState(false);
  const renew = useMutation({
    mutationFn: () => renewSecret(webhook.id),
    onSuccess: (secret) => props.onDone(secret),
    onError: report,
  });
  const remove = useMutation({
    mutationFn: () => removeWebhook(webhook.id),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: webhookKeys.all });
      toast.done(t('webhook.removed'));
      props.onDone();
    },
    onError: report,
  });
  return (
    <>
      <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate()} data-testid="webhook-renew">
        {t('webhook.renew')}
      </Button>
      <Button
        variant={sure ? 'filled' : 'default'}
        color="red"
        loading={remove.isPending}
        onClick={() => (sure ? remove.mutate() : setSure(true))}
        onBlur={() => setSure(false)}
        data-testid="webhook-remove"
      >
        {t(sure ? 'webhook.remove_sure' : 'action.remove')}
      </Button>
    </>
  );
}
