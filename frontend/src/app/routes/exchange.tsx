import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ExportsPage } from '@/features/exchange/ExportsPage';
import { ImportPage } from '@/features/exchange/ImportPage';
import { ImportsPage } from '@/features/exchange/ImportsPage';

export const ImportsRoute = ImportsPage;

export function ExportsRoute() {
  const { all } = useSearch({ from: '/exports' });
  const navigate = useNavigate({ from: '/exports' });
  return (
    <ExportsPage
      all={all === true}
      onAll={(whose) => void navigate({ search: { all: whose || undefined }, replace: true })}
    />
  );
}

export function ImportRoute() {
  const { importId } = useParams({ from: '/imports/$importId' });
  const { step } = useSearch({ from: '/imports/$importId' });
  const navigate = useNavigate({ from: '/imports/$importId' });
  return (
    <ImportPage
      key={importId}
      id={Number(importId)}
      step={step}
      onStep={(next) => void navigate({ search: { step: next } })}
    />
  );
}
