import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Why } from '@/features/access/Why';
import type { ListQuery } from '@/api/exchange';
import { ClientCard, type CardSlots } from '@/features/client/ClientCard';
import { ClientsPage } from '@/features/client/ClientsPage';
import { NewClientPage } from '@/features/client/NewClientPage';
import { ExchangeMenu } from '@/features/exchange/ExchangeMenu';
import { useFieldTabs } from '@/features/field/useFieldTabs';
import { ClientLeads } from '@/features/lead/ClientLeads';
import { DuplicatesPage } from '@/features/merge/DuplicatesPage';
import { MergedFrom } from '@/features/merge/MergedFrom';
import { MergedInto } from '@/features/merge/MergedInto';
import { SimilarWarning } from '@/features/merge/SimilarWarning';
import { SmsComposer } from '@/features/message/SmsComposer';
import { RecordingPlayer } from '@/features/recording/RecordingPlayer';
import { ReminderComposer } from '@/features/reminder/ReminderComposer';
import { ClientReminders } from '@/features/reminder/Reminders';

const slots: CardSlots = {
  sms: (client) => <SmsComposer client={client} />,
  reminder: (client) => <ReminderComposer client={client} />,
  leads: (client) => <ClientLeads client={client} />,
  reminders: (client) => <ClientReminders client={client} />,
  recording: (callId) => <RecordingPlayer callId={callId} />,
  merged: (client) => <MergedFrom clientId={client.id} />,
  why: (client) => <Why entity="client" id={client.id} />,
  useTabs: (client, open) => useFieldTabs(client.id, open),
};

/** The list's filter in the words of an export. */
function asked(filter: { q?: string; responsible_id?: number; kind?: string; sort?: string }): ListQuery {
  const all = [
    ...(filter.responsible_id ? [{ field: 'responsible', op: 'is', value: [filter.responsible_id] }] : []),
    ...(filter.kind ? [{ field: 'kind', op: 'is', value: [filter.kind] }] : []),
  ];
  const byName = filter.sort === 'name';
  return {
    ...(filter.q ? { q: filter.q } : {}),
    ...(all.length > 0 ? { filter: { all } } : {}),
    sort: byName ? 'name' : 'last_contact',
    desc: !byName,
  };
}

export function ClientsRoute() {
  const filter = useSearch({ from: '/clients' });
  const navigate = useNavigate({ from: '/clients' });
  return (
    <ClientsPage
      filter={{ sort: 'recent', ...filter }}
      menu={<ExchangeMenu query={asked(filter)} />}
      onFilter={(part) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true })}
    />
  );
}

export function NewClientRoute() {
  const prefill = useSearch({ from: '/clients/new' });
  return (
    <NewClientPage
      key={`${prefill.lead ?? ''}${prefill.number ?? ''}`}
      prefill={prefill}
      similar={(draft) => <SimilarWarning draft={draft} />}
    />
  );
}

export function ClientRoute() {
  const { clientId } = useParams({ from: '/clients/$clientId' });
  return (
    <MergedInto key={clientId} clientId={Number(clientId)}>
      <ClientCard clientId={Number(clientId)} slots={slots} />
    </MergedInto>
  );
}

export function DuplicatesRoute() {
  return <DuplicatesPage />;
}
