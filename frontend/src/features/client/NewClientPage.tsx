import { ActionIcon, Button, Select, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Plus, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { clientKeys, createClient } from '@/api/clients';
import { ApiError } from '@/api/http';
import { leadKeys } from '@/api/leads';
import { useErrorText, useMe } from '@/api/react';
import { usersQuery } from '@/api/session';
import { pointKinds, type ClientKind, type PointKind } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useCode, useT } from '@/lib/i18n';
import { Page } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import css from './client.module.css';

interface Fields {
  kind: ClientKind;
  name: string;
  responsible: string;
  note: string;
  points: { kind: PointKind; raw: string; label: string }[];
}

export interface Prefill {
  lead?: number;
  number?: string;
  name?: string;
}

/** A new client, with everything that a call already told filled in. */
export function NewClientPage(props: {
  prefill: Prefill;
  /** Who the client may be already. */
  similar(draft: { name: string; phones: string[]; emails: string[] }): ReactNode;
}) {
  const t = useT();
  const code = useCode();
  const me = useMe();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { prefill } = props;
  const users = useQuery(usersQuery).data ?? [];
  const draft = useDraft<Fields>(`client.new.${me.user.id}.${prefill.lead ?? prefill.number ?? ''}`, {
    kind: 'person',
    name: prefill.name ?? '',
    responsible: String(me.user.id),
    note: '',
    points: [{ kind: 'phone', raw: prefill.number ?? '', label: '' }],
  });
  const fields = draft.value;
  const [touched, setTouched] = useState(false);

  const save = useMutation({
    mutationFn: () =>
      createClient({
        kind: fields.kind,
        name: fields.name.trim(),
        note: fields.note.trim(),
        contact_points: fields.points.filter((point) => point.raw.trim() !== ''),
        ...(fields.responsible ? { responsible_id: Number(fields.responsible) } : {}),
        ...(prefill.lead ? { lead_id: prefill.lead } : {}),
      }),
    onSuccess: (created) => {
      draft.clear();
      client.setQueryData(clientKeys.one(created.id), created);
      void client.invalidateQueries({ queryKey: clientKeys.all });
      void client.invalidateQueries({ queryKey: leadKeys.all });
      void navigate({ to: '/clients/$clientId', params: { clientId: String(created.id) } });
    },
  });

  const setPoint = (index: number, part: Partial<Fields['points'][number]>) =>
    draft.patch({ points: fields.points.map((point, at) => (at === index ? { ...point, ...part } : point)) });
  const written = (kind: PointKind) =>
    fields.points.filter((point) => point.kind === kind && point.raw.trim().length >= 6).map((point) => point.raw);
  const nameMissing = touched && fields.name.trim() === '';

  return (
    <Page title={t('clients.new')} testId="new-client-page">
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          setTouched(true);
          if (fields.name.trim()) save.mutate();
        }}
      >
        <Segmented
          label={t('clients.kind')}
          value={fields.kind}
          onChange={(kind: ClientKind) => draft.patch({ kind })}
          data={[
            { value: 'person', label: t('client.person') },
            { value: 'organisation', label: t('client.organisation') },
          ]}
        />
        <TextInput
          label={t('clients.name')}
          value={fields.name}
          onChange={(event) => draft.patch({ name: event.currentTarget.value })}
          error={nameMissing ? t('form.required') : undefined}
          autoFocus
          data-testid="client-name"
        />
        <fieldset className={css.points}>
          <legend>{t('client.contact_points')}</legend>
          {fields.points.map((point, index) => (
            <div key={index} className="row" style={{ alignItems: 'flex-start' }}>
              <Select
                aria-label={t('client.point_kind')}
                w={110}
                value={point.kind}
                onChange={(kind) => kind && setPoint(index, { kind: kind as PointKind })}
                data={pointKinds.map((kind) => ({ value: kind, label: code('point', kind) }))}
              />
              <div className="grow">
                <TextInput
                  aria-label={t('client.point_value')}
                  value={point.raw}
                  onChange={(event) => setPoint(index, { raw: event.currentTarget.value })}
                  placeholder={point.kind === 'phone' ? '+34 600 11 12 22' : 'name@example.com'}
                  className="num"
                  data-testid="client-point"
                />
              </div>
              <TextInput
                aria-label={t('client.point_label')}
                placeholder={t('client.point_label')}
                w={130}
                value={point.label}
                onChange={(event) => setPoint(index, { label: event.currentTarget.value })}
              />
              <ActionIcon
                size={30}
                aria-label={t('action.remove')}
                onClick={() => draft.patch({ points: fields.points.filter((_, at) => at !== index) })}
              >
                <X size={14} aria-hidden />
              </ActionIcon>
            </div>
          ))}
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<Plus size={13} aria-hidden />}
            onClick={() => draft.patch({ points: [...fields.points, { kind: 'phone', raw: '', label: '' }] })}
            style={{ alignSelf: 'flex-start' }}
          >
            {t('client.add_point')}
          </Button>
        </fieldset>
        {props.similar({ name: fields.name.trim(), phones: written('phone'), emails: written('email') })}
        <Select
          label={t('client.responsible')}
          searchable
          clearable
          value={fields.responsible || null}
          onChange={(responsible) => draft.patch({ responsible: responsible ?? '' })}
          data={users.filter((user) => user.active).map((user) => ({ value: String(user.id), label: user.name }))}
          data-testid="client-responsible"
        />
        <Textarea
          label={t('client.note')}
          value={fields.note}
          onChange={(event) => draft.patch({ note: event.currentTarget.value })}
          data-testid="client-note"
        />
        {save.isError && (
          <p className={css.error} role="alert" data-testid="form-error">
            {errorText(save.error)}
            {save.error instanceof ApiError && save.error.fields.map((each) => ` ${each.message}`)}
          </p>
        )}
        <div className="row">
          <Button type="submit" loading={save.isPending} data-testid="save-client">
            {t('clients.create')}
          </Button>
          <Button
            variant="default"
            onClick={() => {
              draft.clear();
              void navigate({ to: '/clients', search: {} });
            }}
          >
            {t('action.cancel')}
          </Button>
        </div>
      </form>
    </Page>
  );
}
