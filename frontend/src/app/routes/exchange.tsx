import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ImportPage } from '@/features/exchange/ImportPage';
import { ImportsPage } from '@/features/exchange/ImportsPage';

export const ImportsRoute = ImportsPage;

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
