import { Button, Select, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useErrorText, useMe } from '@/api/react';
import { createReminder, reminderKeys } from '@/api/reminders';
import { usersQuery } from '@/api/session';
import type { Client } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Segmented } from '@/ui/Segmented';
import { WhenField } from '@/ui/WhenField';

interface Fields {
  audience: 'client' | 'user';
  userId: string;
  channel: 'app' | 'sms';
  point: string;
  text: string;
  at: string;
}

/** "Remind the client tomorrow at 10": by SMS to them, or in the app to one of us. */
export function ReminderComposer(props: { client: Client }) {
  const { client } = props;
  const t = useT();
  const me = useMe();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const users = useQuery(usersQuery).data ?? [];
  const phones = (client.contact_points ?? []).filter((point) => point.kind === 'phone');
  const draft = useDraft<Fields>(`client.${client.id}.reminder`, {
    audience: 'client',
    userId: String(me.user.id),
    channel: 'app',
    point: phones[0] ? String(phones[0].id) : '',
    text: '',
    at: '',
  });
  const fields = draft.value;
  const toClient = fields.audience === 'client';
  const colleague = users.find((user) => String(user.id) === fields.userId);
  const channel = colleague?.mobile ? fields.channel : 'app';
  const zone = (toClient && client.time_zone) || me.firm.time_zone;
  const save = useMutation({
    mutationFn: () =>
      createReminder({
        client_id: client.id,
        audience: fields.audience,
        channel: toClient ? 'sms' : channel,
        text: fields.text.trim(),
        local_time: fields.at,
        time_zone: zone,
        ...(toClient
          ? fields.point
            ? { contact_point_id: Number(fields.point) }
            : {}
          : { user_id: Number(fields.userId) }),
      }),
    onSuccess: () => {
      draft.clear();
      toast.done(t('reminder.saved'));
      void cache.invalidateQueries({ queryKey: reminderKeys.all });
    },
  });
  const ready = fields.text.trim() !== '' && fields.at !== '' && (!toClient || phones.length > 0) && !save.isPending;
  return (
    <form
      className="stack"
      style={{ gap: 8 }}
      data-testid="reminder-compose"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) save.mutate();
      }}
    >
      <div className="row" style={{ flexWrap: 'wrap' }}>
        <Segmented
          value={fields.audience}
          onChange={(audience) => draft.patch({ audience })}
          label={t('reminder.who')}
          data={[
            { value: 'client', label: t('reminder.client'), testId: 'reminder-to-client' },
            { value: 'user', label: t('reminder.colleague'), testId: 'reminder-to-user' },
          ]}
        />
        {toClient ? (
          <Select
            aria-label={t('sms.to')}
            w={200}
            value={fields.point || null}
            onChange={(point) => point && draft.patch({ point })}
            placeholder={t('sms.no_phone')}
            data={phones.map((point) => ({ value: String(point.id), label: point.display || point.raw }))}
            data-testid="reminder-number"
          />
        ) : (
          <Select
            aria-label={t('reminder.colleague')}
            w={200}
            searchable
            value={fields.userId}
            onChange={(userId) => userId && draft.patch({ userId })}
            data={users.filter((user) => user.active).map((user) => ({ value: String(user.id), label: user.name }))}
            data-testid="reminder-user"
          />
        )}
        {!toClient && (
          <Select
            aria-label={t('reminder.channel')}
            w={170}
            allowDeselect={false}
            value={channel}
            onChange={(next) => next && draft.patch({ channel: next as Fields['channel'] })}
            data={[
              { value: 'app', label: t('reminder.channel.app') },
              { value: 'sms', label: t('reminder.channel.sms'), disabled: !colleague?.mobile },
            ]}
            data-testid="reminder-channel"
          />
        )}
      </div>
      {!toClient && colleague && !colleague.mobile && (
        <p className="whisper" style={{ margin: 0 }}>
          {t('reminder.no_mobile', { name: colleague.name })}
        </p>
      )}
      <Textarea
        aria-label={t('reminder.text')}
        placeholder={toClient ? t('reminder.text.client') : t('reminder.text.user')}
        value={fields.text}
        onChange={(event) => draft.patch({ text: event.currentTarget.value })}
        data-testid="reminder-text"
      />
      <WhenField
        label={t('reminder.when')}
        zone={zone}
        value={fields.at}
        onChange={(at) => draft.patch({ at })}
        testId="reminder-at"
        error={save.isError ? errorText(save.error) : undefined}
      />
      <div className="row">
        <span className="grow" />
        <Button type="submit" disabled={!ready} loading={save.isPending} data-testid="reminder-save">
          {t('reminder.save')}
        </Button>
      </div>
    </form>
  );
}
