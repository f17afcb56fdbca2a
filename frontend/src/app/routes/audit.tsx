import { useNavigate, useSearch } from '@tanstack/react-router';
import { AuditPage } from '@/features/audit/AuditPage';
import { ReadersPage } from '@/features/audit/ReadersPage';

export function AuditRoute() {
  const filter = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  return (
    <AuditPage
      filter={filter}
      onFilter={(part) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true })}
    />
  );
}

export function ReadersRoute() {
  const { kind } = useSearch({ from: '/audit/readers' });
  const navigate = useNavigate({ from: '/audit/readers' });
  return (
    <ReadersPage
      kind={kind ?? 'cards'}
      onKind={(next) => void navigate({ search: { kind: next === 'cards' ? undefined : next }, replace: true })}
    />
  );
}
