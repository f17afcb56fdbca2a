import { Drawer } from '@mantine/core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Maximize2 } from 'lucide-react';
import { Why } from '@/features/access/Why';
import { BoardPage } from '@/features/lead/BoardPage';
import { LeadsPage } from '@/features/lead/LeadsPage';
import { LeadView } from '@/features/lead/LeadView';
import { RecordingPlayer } from '@/features/recording/RecordingPlayer';
import { useT } from '@/lib/i18n';
import { Page } from '@/ui/kit';

const recording = (callId: number) => <RecordingPlayer callId={callId} />;

export function BoardRoute() {
  const t = useT();
  const search = useSearch({ from: '/board' });
  const navigate = useNavigate({ from: '/board' });
  return (
    <>
      <BoardPage
        filter={{ class: search.class }}
        onFilter={(filter) =>
          void navigate({ search: (before) => ({ ...before, class: filter.class }), replace: true })
        }
        onOpen={(lead) => void navigate({ search: (before) => ({ ...before, lead }) })}
      />
      <Drawer
        opened={search.lead !== undefined}
        onClose={() => void navigate({ search: (before) => ({ ...before, lead: undefined }) })}
        position="right"
        size={560}
        padding={0}
        closeButtonProps={{ 'aria-label': t('action.dismiss') }}
        overlayProps={{ backgroundOpacity: 0.2 }}
        transitionProps={{ duration: 120 }}
        title={
          <Link
            to="/leads/$leadId"
            params={{ leadId: String(search.lead ?? 0) }}
            className="row soft"
            style={{ padding: '0 20px', textDecoration: 'none' }}
          >
            {t('lead.number', { id: search.lead ?? 0 })} <Maximize2 size={13} aria-hidden />
          </Link>
        }
        data-testid="lead-drawer"
      >
        {search.lead !== undefined && (
          <LeadView leadId={search.lead} recording={recording} why={<Why entity="lead" id={search.lead} />} />
        )}
      </Drawer>
    </>
  );
}

export function LeadsRoute() {
  const filter = useSearch({ from: '/leads' });
  const navigate = useNavigate({ from: '/leads' });
  return (
    <LeadsPage
      filter={filter}
      onFilter={(part) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true })}
    />
  );
}

export function LeadRoute() {
  const t = useT();
  const { leadId } = useParams({ from: '/leads/$leadId' });
  return (
    <Page title={t('lead.number', { id: Number(leadId) })}>
      <LeadView leadId={Number(leadId)} recording={recording} why={<Why entity="lead" id={Number(leadId)} />} />
    </Page>
  );
}
