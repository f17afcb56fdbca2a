import { useNavigate, useSearch } from '@tanstack/react-router';
import { OutboxPage } from '@/features/message/OutboxPage';
import { MessagesPage } from '@/features/message/MessagesPage';
import { RemindersPage } from '@/features/reminder/Reminders';

export function MessagesRoute() {
  const filter = useSearch({ from: '/messages' });
  const navigate = useNavigate({ from: '/messages' });
  return (
    <MessagesPage
      filter={filter}
      onFilter={(part) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true })}
    />
  );
}

export function RemindersRoute() {
  const filter = useSearch({ from: '/reminders' });
  const navigate = useNavigate({ from: '/reminders' });
  return (
    <RemindersPage
      filter={filter}
      onFilter={(part) =>
        void navigate({ search: (before) => ({ ...before, mine: part.mine ?? undefined }), replace: true })
      }
    />
  );
}

export const OutboxRoute = OutboxPage;
