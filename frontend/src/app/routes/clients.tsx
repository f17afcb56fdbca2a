import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Why } from '@/features/access/Why';
import { ClientHistory } from '@/features/audit/ClientHistory';
import { AtHand } from '@/features/client/AtHand';
import { ClientCard, type CardSlots } from '@/features/client/ClientCard';
import { NewClientPage } from '@/features/client/NewClientPage';
import { askedOf, ListPage } from '@/features/clientlist/ListPage';
import { ExchangeMenu } from '@/features/exchange/ExchangeMenu';
import { SegmentsPage } from '@/features/clientlist/SegmentsPage';
import { ListCell, useListFields } from '@/features/field/ListCell';
import { useFieldTabs } from '@/features/field/useFieldTabs';
import { ClientFiles } from '@/features/file/ClientFiles';
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
  files: (client) => <ClientFiles clientId={client.id} />,
  history: (client) => <ClientHistory clientId={client.id} />,
  recording: (callId) => <RecordingPlayer callId={callId} />,
  merged: (client) => <MergedFrom clientId={client.id} />,
  why: (client) => <Why entity="client" id={client.id} />,
  useTabs: (client, open) => useFieldTabs(client.id, open),
};

export function ClientsRoute() {
  const search = useSearch({ from: '/clients' });
  const navigate = useNavigate({ from: '/clients' });
  const own = useListFields();
  return (
    <AtHand>
      <ListPage
        search={search}
        menu={<ExchangeMenu query={askedOf(search)} />}
        custom={{
          can: (key) => own.has(key),
          edit: (cell) => {
            const field = own.get(cell.fieldKey);
            return field ? <ListCell key={`${cell.clientId}.${cell.fieldKey}`} {...cell} field={field} /> : null;
          },
        }}
        onSearch={(part, replace = false) => void navigate({ search: (before) => ({ ...before, ...part }), replace })}
      />
    </AtHand>
  );
}

export function SegmentsRoute() {
  const { id = null } = useSearch({ from: '/segments' });
  const navigate = useNavigate({ from: '/segments' });
  return <SegmentsPage chosen={id} onChoose={(next) => void navigate({ search: next === null ? {} : { id: next } })} />;
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
  const { tab } = useSearch({ from: '/clients/$clientId' });
  const navigate = useNavigate({ from: '/clients/$clientId' });
  return (
    <MergedInto key={clientId} clientId={Number(clientId)}>
      <ClientCard
        clientId={Number(clientId)}
        slots={slots}
        tab={tab ?? 'overview'}
        onTab={(key) => void navigate({ search: { tab: key === 'overview' ? undefined : key }, replace: true })}
      />
    </MergedInto>
  );
}

export function DuplicatesRoute() {
  return <DuplicatesPage />;
}
