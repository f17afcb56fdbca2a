import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { cardKeys, relate } from '@/api/cards';
import { clientQuery, createClient, saveClient } from '@/api/clients';
import { useErrorText, useMe } from '@/api/react';
import type { Client, ClientKind, NamedClient } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import css from './client.module.css';
import { ClientPicker } from './ClientPicker';

interface Fields {
  chosen: NamedClient | null;
  fresh: { kind: ClientKind; name: string; phone: string } | null;
  role: string;
  ownRole: string;
}

const empty: Fields = { chosen: null, fresh: null, role: '', ownRole: '' };

/** Adds somebody who is on the books, or who comes on them with it; what is typed stays until it is saved. */
export function AddPerson(props: { client: Client; as: 'staff' | 'relation'; exclude: number[] }) {
  const { client } = props;
  const t = useT();
  const draft = useDraft<Fields>(`client.${client.id}.${props.as}`, empty);
  const [opened, setOpened] = useState(draft.dirty);
  if (opened) {
    return (
      <Form
        {...props}
        draft={draft}
        onDone={() => {
          draft.clear();
          setOpened(false);
        }}
      />
    );
  }
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<Plus size={13} aria-hidden />}
      onClick={() => setOpened(true)}
      data-testid={`add-${props.as}`}
    >
      {props.as === 'staff' ? t('people.add_staff') : t('people.add_relation')}
    </Button>
  );
}

function Form(props: {
  client: Client;
  as: 'staff' | 'relation';
  exclude: number[];
  draft: ReturnType<typeof useDraft<Fields>>;
  onDone(): void;
}) {
  const { client, draft } = props;
  const staff = props.as === 'staff';
  const t = useT();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const me = useMe();
  const fields = draft.value;
  const save = useMutation({
    mutationFn: async () => {
      const role = fields.role.trim();
      const made = fields.fresh && (await make(fields.fresh, staff ? client.id : null, role, me.user.id));
      // What is made is made: should the rest fail, it is not made once more.
      if (made) draft.patch({ chosen: { id: made.id, kind: made.kind, name: made.name }, fresh: null });
      const id = made?.id ?? fields.chosen?.id;
      if (!id) return;
      if (!staff) await relate(client.id, { other_id: id, role, own_role: fields.ownRole.trim() });
      else if (!made) {
        const { version } = await cache.fetchQuery({ ...clientQuery(id), staleTime: 0 });
        await saveClient(id, { organisation_id: client.id, version, ...(role ? { position: role } : {}) });
      }
    },
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: cardKeys.one(client.id) });
      props.onDone();
    },
  });
  return (
    <form
      className={css.addPerson}
      onSubmit={(event) => {
        event.preventDefault();
        if (fields.chosen || fields.fresh?.name.trim()) save.mutate();
      }}
      data-testid={`${props.as}-form`}
    >
      {fields.fresh ? (
        <Fresh fresh={fields.fresh} onChange={(fresh) => draft.patch({ fresh })} />
      ) : (
        <ClientPicker
          label={t('people.who')}
          kinds={staff ? ['person'] : ['person', 'organisation']}
          exclude={[client.id, ...props.exclude]}
          value={fields.chosen}
          autoFocus
          clearable
          onChoose={(chosen) => draft.patch({ chosen })}
          onCreate={(kind, name) => draft.patch({ chosen: null, fresh: { kind, name, phone: '' } })}
          testId="person-search"
        />
      )}
      <div className={css.pair}>
        <TextInput
          label={staff ? t('client.position') : t('people.role')}
          maxLength={60}
          value={fields.role}
          onChange={(event) => draft.patch({ role: event.currentTarget.value })}
          data-testid="person-role"
        />
        {!staff && (
          <TextInput
            label={t('people.own_role', { name: client.name })}
            maxLength={60}
            value={fields.ownRole}
            onChange={(event) => draft.patch({ ownRole: event.currentTarget.value })}
            data-testid="person-own-role"
          />
        )}
      </div>
      {save.isError && (
        <p role="alert" className={css.error}>
          {errorText(save.error)}
        </p>
      )}
      <div className="row">
        <Button
          type="submit"
          size="compact-sm"
          disabled={!fields.chosen && !fields.fresh?.name.trim()}
          loading={save.isPending}
          data-testid="person-save"
        >
          {fields.fresh ? t('people.create_and_add') : t('action.add')}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={props.onDone}>
          {t('action.cancel')}
        </Button>
      </div>
    </form>
  );
}

type FreshClient = NonNullable<Fields['fresh']>;

function make(fresh: FreshClient, organisation: number | null, position: string, me: number): Promise<Client> {
  const phone = fresh.phone.trim();
  return createClient({
    kind: fresh.kind,
    name: fresh.name.trim(),
    responsible_id: me,
    contact_points: phone ? [{ kind: 'phone', raw: phone }] : [],
    ...(organisation ? { organisation_id: organisation, position } : {}),
  });
}

function Fresh(props: { fresh: FreshClient; onChange(fresh: FreshClient | null): void }) {
  const { fresh, onChange } = props;
  const t = useT();
  return (
    <>
      <div className={css.pair}>
        <TextInput
          label={fresh.kind === 'person' ? t('people.new_person') : t('people.new_organisation')}
          value={fresh.name}
          onChange={(event) => onChange({ ...fresh, name: event.currentTarget.value })}
          data-testid="fresh-name"
        />
        <TextInput
          label={t('clients.phone')}
          autoFocus
          className="num"
          value={fresh.phone}
          onChange={(event) => onChange({ ...fresh, phone: event.currentTarget.value })}
          data-testid="fresh-phone"
        />
      </div>
      <button type="button" className={css.more} onClick={() => onChange(null)}>
        {t('people.search_instead')}
      </button>
    </>
  );
}
