import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Eye, History, PencilLine } from 'lucide-react';
import { useState } from 'react';
import { clientHistoryQuery } from '@/api/audit';
import { useErrorText } from '@/api/react';
import type { Deed } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Empty, Failed, SkeletonRows } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import css from './audit.module.css';
import { Changes } from './Changes';

type Half = '' | 'changes' | 'looks';

/** Who changed what of a client, and who looked. */
export function ClientHistory(props: { clientId: number }) {
  const t = useT();
  const errorText = useErrorText();
  const [half, setHalf] = useState<Half>('changes');
  const query = useInfiniteQuery(clientHistoryQuery(props.clientId, half));
  const deeds = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={css.history} aria-label={t('client.tab.history')} data-testid="client-history">
      <Segmented
        label={t('history.which')}
        value={half}
        onChange={(next: Half) => setHalf(next)}
        data={[
          { value: 'changes', label: t('history.changes'), icon: PencilLine, testId: 'history-changes' },
          { value: 'looks', label: t('history.looks'), icon: Eye, testId: 'history-looks' },
          { value: '', label: t('history.both'), testId: 'history-both' },
        ]}
      />
      {query.isPending ? (
        <SkeletonRows rows={8} />
      ) : query.isError && deeds.length === 0 ? (
        <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : deeds.length === 0 ? (
        <Empty small icon={History} title={t('history.none')} />
      ) : (
        <ol className={css.deeds}>
          {deeds.map((deed) => (
            <DeedRow key={deed.id} deed={deed} />
          ))}
        </ol>
      )}
      {query.hasNextPage && (
        <Button
          variant="default"
          size="compact-sm"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t('action.load_more')}
        </Button>
      )}
    </section>
  );
}

function DeedRow(props: { deed: Deed }) {
  const { deed } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const now = useNow(false);
  const Icon = deed.look ? Eye : PencilLine;
  // A field of the firm's own is told by its label alone.
  const changes = deed.changes?.map((each) => ({ ...each, path: each.path.replace(/^custom\.\d+ /u, '') })) ?? [];
  return (
    <li data-testid="deed" data-action={deed.action}>
      <p className={css.deedHead}>
        <Icon size={13} aria-hidden className={deed.look ? css.look : css.change} />
        <span className="strong">{deed.user_name || t('audit.system')}</span>
        <span className="grow">{code('audit.action', deed.action)}</span>
        <time className="soft" dateTime={deed.at} title={format.exact(deed.at)}>
          {format.when(deed.at, now)}
        </time>
      </p>
      {changes.length > 0 && <Changes changes={changes} />}
    </li>
  );
}
