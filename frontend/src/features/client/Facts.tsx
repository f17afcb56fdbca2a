import { Button, Select, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { cardKeys, makeSource, sourcesQuery } from '@/api/cards';
import { createClient } from '@/api/clients';
import { useMe, useReport } from '@/api/react';
import { usersQuery } from '@/api/session';
import type { Card, Client } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useDraft } from '@/lib/draft';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Section } from '@/ui/kit';
import css from './client.module.css';
import { ClientPicker } from './ClientPicker';
import { useSave } from './useSave';

/** What the firm knows of the client, each part saved for itself. */
export function Facts(props: { card: Card; editable: boolean }) {
  const { card, editable } = props;
  const { client } = card;
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const save = useSave(client);
  const users = useQuery(usersQuery).data ?? [];
  const note = useDraft<string>(`client.${client.id}.about`, client.note);
  return (
    <Section title={t('client.about')}>
      <div className="stack">
        <Select
          label={t('client.responsible')}
          placeholder={t('value.nobody')}
          searchable
          disabled={!editable}
          value={client.responsible_id ? String(client.responsible_id) : null}
          onChange={(id) => id && save.mutate({ responsible_id: Number(id) })}
          data={users
            .filter((user) => user.active || user.id === client.responsible_id)
            .map((user) => ({ value: String(user.id), label: user.name }))}
          data-testid="client-responsible"
        />
        {client.kind === 'person' && <Employment card={card} editable={editable} />}
        <SourceSelect client={client} editable={editable} />
        <Textarea
          label={t('client.note')}
          autosize
          minRows={2}
          maxRows={10}
          value={note.value}
          readOnly={!editable}
          onChange={(event) => note.set(event.currentTarget.value)}
          data-testid="client-note"
        />
        {note.dirty && (
          <div className="row">
            <Button
              size="compact-sm"
              loading={save.isPending}
              onClick={() => save.mutate({ note: note.value }, { onSuccess: () => note.clear() })}
              data-testid="save-about"
            >
              {t('action.save')}
            </Button>
            <Button size="compact-sm" variant="subtle" color="gray" onClick={note.clear}>
              {t('action.discard')}
            </Button>
          </div>
        )}
        <dl className={css.facts}>
          <dt>{t('clients.last_contact')}</dt>
          <dd>{client.last_contact_at ? format.when(client.last_contact_at, now) : t('value.never')}</dd>
          <dt>{t('client.since')}</dt>
          <dd>{format.date(client.created_at)}</dd>
        </dl>
      </div>
    </Section>
  );
}

/** Where a person works, and as what. An organisation that is missing is made here. */
function Employment(props: { card: Card; editable: boolean }) {
  const { client, organisation } = props.card;
  const t = useT();
  const me = useMe();
  const report = useReport();
  const save = useSave(client);
  const position = useDraft(`client.${client.id}.position`, client.position);
  const create = useMutation({
    mutationFn: (name: string) =>
      createClient({ kind: 'organisation', name, responsible_id: client.responsible_id ?? me.user.id }),
    onSuccess: (made) => save.mutate({ organisation_id: made.id }),
    onError: report,
  });
  const keep = () => {
    if (position.dirty) save.mutate({ position: position.value.trim() }, { onSuccess: () => position.clear() });
  };
  return (
    <>
      <ClientPicker
        label={t('client.employer')}
        placeholder={t('value.none')}
        kinds={['organisation']}
        exclude={[client.id]}
        disabled={!props.editable || (client.organisation_id !== undefined && !organisation)}
        value={organisation ?? null}
        clearable
        onChoose={(chosen) => save.mutate({ organisation_id: chosen?.id ?? null })}
        onCreate={(_, name) => create.mutate(name)}
        testId="client-employer"
      />
      <TextInput
        label={t('client.position')}
        value={position.value}
        readOnly={!props.editable}
        maxLength={100}
        onChange={(event) => position.set(event.currentTarget.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keep();
          if (event.key === 'Escape') position.clear();
        }}
        data-testid="client-position"
      />
    </>
  );
}

const make = 'create';

function SourceSelect(props: { client: Client; editable: boolean }) {
  const { client } = props;
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const save = useSave(client);
  const sources = useQuery(sourcesQuery).data ?? [];
  const [typed, setTyped] = useState('');
  const word = typed.trim();
  const data = sources.map((each) => ({ value: String(each.id), label: each.name }));
  if (client.source_id && !sources.some((each) => each.id === client.source_id)) {
    data.push({ value: String(client.source_id), label: client.source_name });
  }
  if (word && !data.some((each) => each.label.toLocaleLowerCase() === word.toLocaleLowerCase())) {
    data.push({ value: make, label: t('custom.create_term', { label: word }) });
  }
  const create = useMutation({
    mutationFn: () => makeSource(word),
    onSuccess: async (made) => {
      await cache.invalidateQueries({ queryKey: cardKeys.sources });
      save.mutate({ source_id: made.id });
    },
    onError: report,
  });
  return (
    <Select
      label={t('client.source')}
      placeholder={t('value.unknown')}
      searchable
      clearable
      disabled={!props.editable}
      value={client.source_id ? String(client.source_id) : null}
      data={data}
      onSearchChange={setTyped}
      filter={({ options, search }) => {
        const part = search.trim().toLocaleLowerCase();
        return options.filter(
          (each) => 'value' in each && (each.value === make || each.label.toLocaleLowerCase().includes(part)),
        );
      }}
      onChange={(value) =>
        value === make ? create.mutate() : save.mutate({ source_id: value ? Number(value) : null })
      }
      data-testid="client-source"
    />
  );
}
