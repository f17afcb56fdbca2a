import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { CopyCheck, RefreshCw } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { dismissPair, lookForDuplicates, pairsQuery, proposePair } from '@/api/merges';
import { useErrorText, useReport } from '@/api/react';
import type { ClientRow, Pair } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './merge.module.css';
import { MergeDialog } from './MergeDialog';
import { Reasons } from './Reasons';

const rowHeight = 64;

/** Pairs of clients that may be one: a list of work, the likeliest first. */
export function DuplicatesPage() {
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const toast = useToast();
  const report = useReport();
  const errorText = useErrorText();
  const query = useInfiniteQuery(pairsQuery);
  const pairs = query.data?.pages.flatMap((page) => page.items) ?? [];
  const looked = query.data?.pages[0]?.looked_at;
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState<Pair | null>(null);
  const look = useMutation({
    mutationFn: lookForDuplicates,
    onSuccess: () => toast.done(t('duplicates.looking')),
    onError: report,
  });
  const propose = useMutation({ mutationFn: (pair: Pair) => proposePair(pair.a.id, pair.b.id), onError: report });
  const dismiss = useMutation({
    mutationFn: (pair: Pair) => dismissPair(pair.a.id, pair.b.id),
    onSuccess: (_, pair) => toast.done(t('duplicates.dismissed'), () => propose.mutate(pair)),
    onError: report,
  });
  const current = pairs[Math.min(at, pairs.length - 1)];
  const onKey = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
    if (step) setAt(Math.max(0, Math.min(pairs.length - 1, at + step)));
    else if (event.key === 'Enter' && current) setOpen(current);
    else if (event.key === 'd' && current) dismiss.mutate(current);
    else return;
    event.preventDefault();
  };

  return (
    <Page
      title={t('duplicates.title')}
      testId="duplicates-page"
      lead={looked && <span className="whisper">{t('duplicates.found_at', { when: format.ago(looked, now) })}</span>}
      actions={
        <Button
          variant="default"
          leftSection={<RefreshCw size={14} aria-hidden />}
          loading={look.isPending}
          onClick={() => look.mutate()}
          data-testid="look-again"
        >
          {t('duplicates.look')}
        </Button>
      }
    >
      {query.isPending && <SkeletonRows height={rowHeight} />}
      {query.isError && <Failed text={errorText(query.error)} retry={() => void query.refetch()} />}
      {query.isSuccess && pairs.length === 0 && (
        <Empty icon={CopyCheck} title={t('duplicates.none')}>
          {t('duplicates.none.why')}
        </Empty>
      )}
      {pairs.length > 0 && (
        <Pairs
          pairs={pairs}
          at={at}
          onKey={onKey}
          onPick={setAt}
          onOpen={setOpen}
          onDismiss={(pair) => dismiss.mutate(pair)}
          more={() => query.hasNextPage && !query.isFetchingNextPage && void query.fetchNextPage()}
        />
      )}
      {open && <MergeDialog a={open.a.id} b={open.b.id} reasons={open.reasons} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function Pairs(props: {
  pairs: Pair[];
  at: number;
  onKey(event: React.KeyboardEvent): void;
  onPick(index: number): void;
  onOpen(pair: Pair): void;
  onDismiss(pair: Pair): void;
  more(): void;
}) {
  const t = useT();
  const { pairs, at, more } = props;
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: pairs.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    initialRect: { width: 1000, height: 800 },
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (last > pairs.length - 10) more();
  }, [last, pairs.length, more]);
  useEffect(() => virtual.scrollToIndex(at, { align: 'auto' }), [virtual, at]);
  return (
    <div
      ref={box}
      className={css.pairs}
      role="listbox"
      aria-label={t('duplicates.title')}
      aria-activedescendant={pairs[at] ? `pair-${at}` : undefined}
      tabIndex={0}
      onKeyDown={props.onKey}
      data-testid="pairs"
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map((item) => {
          const pair = pairs[item.index];
          if (!pair) return null;
          return (
            <div
              key={`${pair.a.id}-${pair.b.id}`}
              id={`pair-${item.index}`}
              role="option"
              aria-selected={item.index === at}
              className={css.pair}
              style={{ transform: `translateY(${item.start}px)`, height: rowHeight }}
              onClick={() => props.onPick(item.index)}
              onDoubleClick={() => props.onOpen(pair)}
              data-testid="pair"
            >
              <Side row={pair.a} />
              <Side row={pair.b} />
              <Reasons reasons={pair.reasons} />
              <span className="row">
                <Button
                  size="compact-sm"
                  variant={item.index === at ? 'filled' : 'default'}
                  tabIndex={-1}
                  onClick={() => props.onOpen(pair)}
                  data-testid="compare"
                >
                  {t('duplicates.compare')}
                </Button>
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="gray"
                  tabIndex={-1}
                  onClick={() => props.onDismiss(pair)}
                  data-testid="dismiss"
                >
                  {t('duplicates.different')}
                </Button>
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Side(props: { row: ClientRow }) {
  const t = useT();
  const { row } = props;
  return (
    <span className={css.side}>
      <span className="strong truncate">{row.name}</span>
      <span className="soft num truncate">{row.primary_phone || t('value.none')}</span>
      <span className="whisper truncate">{row.responsible_name || t('value.nobody')}</span>
    </span>
  );
}
