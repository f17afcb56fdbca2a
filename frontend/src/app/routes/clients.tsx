import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Why } from '@/features/access/Why';
import { ClientCard, type CardSlots } from '@/features/client/ClientCard';
import { ClientsPage } from '@/features/client/ClientsPage';
import { NewClientPage } from '@/features/client/NewClientPage';
import { ExchangeMenu } from '@/features/exchange/ExchangeMenu';
import { useFieldTabs } from '@/features/field/useFieldTabs';
import { ClientLeads } from '@/features/lead/ClientLeads';
import { DuplicatesPage } from '@/features/merge/DuplicatesPage';
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
  why: (client) => <Why entity="client" id={client.id} />,
  useTabs: (client, open) => useFieldTabs(client.id, open),
};

export function ClientsRoute() {
  const filter = useSearch({ from: '/clients' });
  const navigate = useNavigate({ from: '/clients' });
  return (
    <ClientsPage
      filter={{ sort: 'recent', ...filter }}
      menu={<ExchangeMenu />}
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
