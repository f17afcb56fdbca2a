import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleSlash, ListOrdered, Plus, UserCheck, UserX } from 'lucide-react';
import { useState } from 'react';
import { queuesNowQuery, queuesQuery } from '@/api/queues';
import { useCan, useErrorText } from '@/api/react';
import type { Queue, QueueState } from '@/api/types';
import { useNow } from '@/lib/clock';
import { clockText, secondsBetween } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Badge, Empty, Failed, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';
import { QueueForm } from './QueueForm';
import css from './queue.module.css';

/** The queues: who answers, in which order, and where callers go when nobody does. */
export function QueuesPage() {
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const query = useQuery(queuesQuery);
  const now = useQuery(queuesNowQuery).data ?? [];
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  const rows = query.data ?? [];
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.isError && rows.length === 0) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  const current = rows.find((row) => row.id === chosen);
  const editable = can('settings.write');
  const state = (id: number) => now.find((each) => each.queue_id === id);
  return (
    <SplitView
      label={t('settings.queues')}
      items={rows.map((queue) => ({
        id: queue.id,
        title: queue.name,
        note: t('queue.people', { count: queue.members.length }),
        mark: <Mark queue={queue} state={state(queue.id)} />,
        testId: 'queue-row',
      }))}
      chosen={chosen}
      onChoose={setChosen}
      add={
        editable && (
          <Button
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setChosen('new')}
            data-testid="new-queue"
          >
            {t('queue.new')}
          </Button>
        )
      }
    >
      {chosen === 'new' || current ? (
        <>
          {current && <Now state={state(current.id)} />}
          <QueueForm key={String(chosen)} queue={current} queues={rows} editable={editable} onDone={setChosen} />
        </>
      ) : (
        <Empty icon={ListOrdered} title={t('queue.choose')}>
          {t('queue.help')}
        </Empty>
      )}
    </SplitView>
  );
}

/** One look says whether somebody is there for the callers. */
function Mark(props: { queue: Queue; state: QueueState | undefined }) {
  const t = useT();
  const { queue, state } = props;
  if (!queue.active) return <Badge icon={CircleSlash}>{t('user.inactive')}</Badge>;
  if (state?.waiting) {
    return (
      <Badge tone="warn" icon={ListOrdered}>
        {t('queue.waiting_count', { count: state.waiting })}
      </Badge>
    );
  }
  return state?.free ? (
    <Badge tone="good" icon={UserCheck}>
      {t('queue.free_count', { count: state.free })}
    </Badge>
  ) : (
    <Badge icon={UserX}>{t('queue.nobody_free')}</Badge>
  );
}

function Now(props: { state: QueueState | undefined }) {
  const t = useT();
  const now = useNow();
  const { state } = props;
  const figures = [
    [
      t('queue.now.waiting'),
      state?.waiting ?? 0,
      state?.ringing ? t('queue.now.ringing', { count: state.ringing }) : '',
    ],
    [t('queue.now.longest'), state?.waiting_since ? clockText(secondsBetween(state.waiting_since, now)) : '–', ''],
    [t('queue.now.free'), state?.free ?? 0, t('queue.now.of', { ready: state?.ready ?? 0, in: state?.in ?? 0 })],
  ] as const;
  return (
    <div className={css.now} data-testid="queue-now">
      {figures.map(([name, value, note]) => (
        <dl key={name}>
          <dt>{name}</dt>
          <dd>
            {value} <small>{note}</small>
          </dd>
        </dl>
      ))}
    </div>
  );
}
