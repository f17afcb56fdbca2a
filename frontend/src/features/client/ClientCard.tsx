import { Button, Select, Skeleton, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Ban, Bell, Building2, MessageSquare, StickyNote, UserRound } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { addNote, clientKeys, clientQuery, saveClient } from '@/api/clients';
import { ApiError } from '@/api/http';
import { useCan, useErrorText, useReport } from '@/api/react';
import { usersQuery } from '@/api/session';
import type { Client } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useDraft } from '@/lib/draft';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { tabStore } from '@/lib/storage';
import { useToast } from '@/ui/toast';
import { Avatar, Badge, Failed, PhoneNumber, Section, SkeletonRows } from '@/ui/kit';
import css from './client.module.css';
import { ContactPoints } from './ContactPoints';
import { Segmented } from '@/ui/Segmented';
import { Timeline } from './Timeline';

export interface CardSlots {
  /** Forms that write to the client, given by whoever knows how. */
  sms(client: Client): ReactNode;
  reminder(client: Client): ReactNode;
  leads(client: Client): ReactNode;
  reminders(client: Client): ReactNode;
  recording(callId: number): ReactNode;
  why(client: Client): ReactNode;
  merged(client: Client): ReactNode;
  /** A hook: the tabs that the firm has added itself; `open` shows one of them. */
  useTabs(client: Client, open: (key: string) => void): CardTab[];
}

/** A part of the card that another room brings: its tab, and what is in it. */
export interface CardTab {
  key: string;
  title: string;
  render(): ReactNode;
}

/** Everything about one client, reachable in one click. */
export function ClientCard(props: { clientId: number; slots: CardSlots }) {
  const errorText = useErrorText();
  const query = useQuery(clientQuery(props.clientId));
  const client = query.data;
  if (query.isError && !client) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  if (!client) {
    return (
      <div className={css.card}>
        <div className={css.side} style={{ padding: 20 }}>
          <Skeleton height={44} circle mb={12} />
          <Skeleton height={16} width="70%" mb={8} />
          <Skeleton height={10} width="45%" />
        </div>
        <SkeletonRows rows={8} height={56} />
        <div className={css.context} />
      </div>
    );
  }
  return <Card client={client} slots={props.slots} />;
}

function Card(props: { client: Client; slots: CardSlots }) {
  const { client, slots } = props;
  const t = useT();
  const can = useCan();
  const phone = client.contact_points?.find((point) => point.kind === 'phone');
  const Kind = client.kind === 'organisation' ? Building2 : UserRound;
  return (
    <div className={css.card} data-testid="client-card" data-client-id={client.id}>
      <div className={css.side}>
        <header className={css.head}>
          <Avatar name={client.name} size={44} square={client.kind === 'organisation'} />
          <div className="grow">
            <Name client={client} />
            <p className="whisper row" style={{ gap: 4, margin: 0 }}>
              <Kind size={12} aria-hidden />
              {client.kind === 'organisation' ? t('client.organisation') : t('client.person')}
            </p>
          </div>
        </header>
        {phone && (
          <p className={css.mainPhone}>
            <PhoneNumber
              number={phone.value || phone.raw}
              text={phone.display || phone.raw}
              pointId={phone.masked ? phone.id : undefined}
              clientId={client.id}
              strong
            />
          </p>
        )}
        {client.sms_opt_out_at && (
          <p>
            <Badge tone="warn" icon={Ban} testId="opted-out">
              {t('client.opted_out')}
            </Badge>
          </p>
        )}
        <ContactPoints client={client} editable={can('clients.write')} />
        <Facts client={client} editable={can('clients.write')} />
      </div>
      <div className={css.middle}>
        <Parts client={client} slots={slots} />
      </div>
      <aside className={css.context} aria-label={t('client.context')}>
        {slots.leads(client)}
        {slots.reminders(client)}
        {slots.merged(client)}
        {slots.why(client)}
      </aside>
    </div>
  );
}

const overview = 'overview';

/** What is going on with the client, and the sections that the firm has added. */
function Parts(props: { client: Client; slots: CardSlots }) {
  const { client, slots } = props;
  const t = useT();
  const [shown, setShown] = useState(() => tabStore.get(`card.${client.id}.tab`) ?? overview);
  const open = (key: string) => {
    setShown(key);
    tabStore.set(`card.${client.id}.tab`, key);
  };
  const own = slots.useTabs(client, open);
  const active = own.find((tab) => tab.key === shown);
  return (
    <>
      {own.length > 0 && (
        <div className={css.parts} role="tablist" aria-label={t('client.parts')}>
          {[{ key: overview, title: t('client.overview') }, ...own].map((tab) => (
            <button
              key={tab.key}
              type="button"
              role="tab"
              aria-selected={tab.key === (active?.key ?? overview)}
              onClick={() => open(tab.key)}
              data-testid={`card-tab-${tab.key}`}
            >
              {tab.title}
            </button>
          ))}
        </div>
      )}
      <div hidden={active !== undefined}>
        <Composer client={client} slots={slots} />
        <Timeline clientId={client.id} recording={slots.recording} />
      </div>
      {active?.render()}
    </>
  );
}

/** Saves one part of the client; whoever was quicker is never overwritten. */
function useSave(client: Client) {
  const cache = useQueryClient();
  const report = useReport();
  return useMutation({
    mutationFn: (part: Partial<Client>) => saveClient(client.id, { ...part, version: client.version }),
    onSuccess: (saved) => {
      cache.setQueryData(clientKeys.one(client.id), saved);
      void cache.invalidateQueries({ queryKey: clientKeys.lists });
    },
    onError: (error) => {
      report(error);
      if (error instanceof ApiError && error.status === 409) {
        void cache.invalidateQueries({ queryKey: clientKeys.one(client.id) });
      }
    },
  });
}

function Name(props: { client: Client }) {
  const { client } = props;
  const t = useT();
  const can = useCan();
  const save = useSave(client);
  const draft = useDraft(`client.${client.id}.name`, '');
  const [editing, setEditing] = useState(draft.dirty);
  if (!editing) {
    return (
      <h1 className={css.name} data-testid="client-card-name">
        {can('clients.write') ? (
          <button type="button" title={t('client.rename')} onClick={() => setEditing(true)} data-testid="rename-client">
            {client.name}
          </button>
        ) : (
          client.name
        )}
      </h1>
    );
  }
  const close = () => {
    draft.clear();
    setEditing(false);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const name = draft.value.trim();
        if (name && name !== client.name) save.mutate({ name }, { onSuccess: close });
        else close();
      }}
    >
      <h1 className="sr-only">{client.name}</h1>
      <TextInput
        autoFocus
        aria-label={t('clients.name')}
        value={draft.value || client.name}
        onChange={(event) => draft.set(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && close()}
        data-testid="client-name"
      />
    </form>
  );
}

function Facts(props: { client: Client; editable: boolean }) {
  const { client, editable } = props;
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
        <Textarea
          label={t('client.note')}
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

type Tab = 'note' | 'sms' | 'reminder';

/** One place to write: a note, an SMS, a reminder. Each keeps its draft. */
function Composer(props: { client: Client; slots: CardSlots }) {
  const { client, slots } = props;
  const t = useT();
  const can = useCan();
  const [tab, setTab] = useState<Tab>('note');
  return (
    <div className={css.composer}>
      <Segmented
        value={tab}
        onChange={(next: Tab) => setTab(next)}
        label={t('compose.what')}
        data={[
          { value: 'note', label: t('compose.note'), icon: StickyNote, testId: 'tab-note' },
          {
            value: 'sms',
            label: t('compose.sms'),
            icon: MessageSquare,
            testId: 'tab-sms',
            disabled: !can('messages.send'),
          },
          {
            value: 'reminder',
            label: t('compose.reminder'),
            icon: Bell,
            testId: 'tab-reminder',
            disabled: !can('reminders.write'),
          },
        ]}
      />
      <div hidden={tab !== 'note'}>
        <NoteForm clientId={client.id} />
      </div>
      <div hidden={tab !== 'sms'}>{slots.sms(client)}</div>
      <div hidden={tab !== 'reminder'}>{slots.reminder(client)}</div>
    </div>
  );
}

function NoteForm(props: { clientId: number }) {
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const draft = useDraft(`client.${props.clientId}.note`, '');
  const save = useMutation({
    mutationFn: () => addNote(props.clientId, draft.value.trim()),
    onSuccess: () => {
      draft.clear();
      toast.done(t('compose.note.saved'));
      void cache.invalidateQueries({ queryKey: ['timeline', props.clientId] });
    },
    onError: report,
  });
  const submit = () => {
    if (draft.value.trim() && !save.isPending) save.mutate();
  };
  return (
    <form
      className="stack"
      style={{ gap: 8 }}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Textarea
        aria-label={t('compose.note')}
        placeholder={t('compose.note.placeholder')}
        value={draft.value}
        onChange={(event) => draft.set(event.currentTarget.value)}
        onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && submit()}
        data-testid="note-text"
      />
      <div className="row">
        <span className="whisper grow">{draft.dirty ? t('compose.kept') : t('compose.ctrl_enter')}</span>
        <Button type="submit" disabled={!draft.value.trim()} loading={save.isPending} data-testid="note-save">
          {t('compose.note.save')}
        </Button>
      </div>
    </form>
  );
}
