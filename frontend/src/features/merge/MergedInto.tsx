import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Merge } from 'lucide-react';
import type { ReactNode } from 'react';
import { cardQuery } from '@/api/cards';
import { ApiError } from '@/api/http';
import { successorQuery } from '@/api/merges';
import { useT } from '@/lib/i18n';
import { Empty } from '@/ui/kit';

/** Shows the way on from a client that was merged into another one. */
export function MergedInto(props: { clientId: number; children: ReactNode }) {
  const t = useT();
  const client = useQuery(cardQuery(props.clientId));
  const gone = client.error instanceof ApiError && client.error.status === 404;
  const next = useQuery({ ...successorQuery(props.clientId), enabled: gone });
  if (!gone || !next.data) return props.children;
  return (
    <Empty
      icon={Merge}
      title={t('merge.gone')}
      testId="merged-into"
      action={
        <Button
          renderRoot={(root) => (
            <Link {...root} to="/clients/$clientId" params={{ clientId: String(next.data.id) }} replace />
          )}
        >
          {t('merge.gone.open')}
        </Button>
      }
    >
      {t('merge.gone.into', { name: next.data.name })}
    </Empty>
  );
}
