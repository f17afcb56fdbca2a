import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Download, Pause, Play, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { exchangeKeys, importRowsQuery, moveImport, verdictsHref, type ImportStep } from '@/api/exchange';
import { ApiError } from '@/api/http';
import { useErrorText, useReport } from '@/api/react';
import type { Import } from '@/api/types';
import { useNow } from '@/lib/clock';
import { secondsBetween, useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Empty, Failed, SkeletonRows } from '@/ui/kit';
import { FileCheck2 } from 'lucide-react';
import { atWork, Meter, percentOf } from './looks';
import { Tiles } from './Tiles';
import { VerdictTable } from './VerdictTable';
import css from './exchange.module.css';

/** An import at work, or what became of it. */
export function ImportResult(props: { item: Import }) {
  const { item } = props;
  const t = useT();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const [verdict, setVerdict] = useState(item.failed > 0 ? 'failed' : '');
  const [sure, setSure] = useState(false);
  const move = useMutation({
    mutationFn: (step: ImportStep) => moveImport(item.id, step),
    onSuccess: (saved) => cache.setQueryData(exchangeKeys.import(saved.id), saved),
    onError: report,
  });
  const working = atWork(item.state) || item.state === 'paused';
  const made = item.created + item.updated;
  return (
    <div className="stack" style={{ padding: '16px 20px' }} data-testid="import-result" data-state={item.state}>
      {working && <Working item={item} move={move.mutate} busy={move.isPending} />}
      {item.problem && <p className={css.note}>{errorText(new ApiError(422, item.problem, ''))}</p>}
      <Tiles counts={item} chosen={verdict} onChoose={setVerdict} />
      {item.state === 'undone' && (
        <p className={css.note} data-testid="import-undone">
          {t('import.undone', { undone: item.undone, kept: item.kept })}
        </p>
      )}
      <div className="row" style={{ flexWrap: 'wrap' }}>
        <Button
          component="a"
          href={verdictsHref(item.id, 'failed')}
          download
          variant="default"
          size="xs"
          leftSection={<Download size={13} aria-hidden />}
          data-disabled={item.failed === 0 || undefined}
          data-testid="download-failed"
        >
          {t('import.download_failed')}
        </Button>
        <Button
          component="a"
          href={verdictsHref(item.id, '')}
          download
          variant="default"
          size="xs"
          leftSection={<Download size={13} aria-hidden />}
          data-testid="download-verdicts"
        >
          {t('import.download_all')}
        </Button>
        <span className="grow" />
        {!working && item.state !== 'undone' && made > 0 && !sure && (
          <Button
            size="xs"
            variant="subtle"
            color="red"
            leftSection={<Undo2 size={13} aria-hidden />}
            onClick={() => setSure(true)}
            data-testid="import-undo"
          >
            {t('import.undo')}
          </Button>
        )}
        {sure && item.state !== 'undone' && !working && (
          <>
            <span className="soft">{t('import.undo.text', { n: made })}</span>
            <Button
              size="xs"
              color="red"
              loading={move.isPending}
              onClick={() => move.mutate('undo')}
              data-testid="import-undo-sure"
            >
              {t('import.undo')}
            </Button>
            <Button size="xs" variant="default" onClick={() => setSure(false)}>
              {t('action.cancel')}
            </Button>
          </>
        )}
      </div>
      <Rows item={item} verdict={verdict} />
    </div>
  );
}

function Working(props: { item: Import; move(step: ImportStep): void; busy: boolean }) {
  const { item } = props;
  const t = useT();
  const format = useFormat();
  const now = useNow(item.state === 'running');
  const undoing = item.state === 'undoing';
  const done = undoing ? item.undone + item.kept : item.position;
  const total = undoing ? item.created + item.updated : item.total;
  const seconds = secondsBetween(item.started_at, now);
  const rate = item.state === 'running' && seconds > 2 ? Math.round(item.position / seconds) : 0;
  return (
    <div className="stack" style={{ gap: 8, maxWidth: 640 }} data-testid="import-working">
      <Meter label={t('import.progress_label')} percent={percentOf(done, total)} />
      <div className="row">
        <span className="soft num grow">
          <b>{percentOf(done, total)} %</b>{' '}
          {t('import.progress', { done: format.number(done), total: format.number(total) })}
          {rate > 0 && ` · ${t('import.rate', { n: format.number(rate) })}`}
          {rate > 0 && ` · ${t('import.left', { span: format.span((total - done) / rate) })}`}
        </span>
        {item.state === 'running' && (
          <Button
            size="xs"
            variant="default"
            leftSection={<Pause size={13} aria-hidden />}
            disabled={props.busy}
            onClick={() => props.move('pause')}
            data-testid="import-pause"
          >
            {t('import.pause')}
          </Button>
        )}
        {item.state === 'paused' && (
          <Button
            size="xs"
            leftSection={<Play size={13} aria-hidden />}
            disabled={props.busy}
            onClick={() => props.move('run')}
            data-testid="import-resume"
          >
            {t('import.resume')}
          </Button>
        )}
        {!undoing && (
          <Button
            size="xs"
            variant="default"
            disabled={props.busy}
            onClick={() => props.move('cancel')}
            data-testid="import-cancel"
          >
            {t('import.cancel')}
          </Button>
        )}
      </div>
    </div>
  );
}

function Rows(props: { item: Import; verdict: string }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useInfiniteQuery(importRowsQuery(props.item.id, props.verdict));
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.isError && rows.length === 0) {
    return <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  if (rows.length === 0) return <Empty small icon={FileCheck2} title={t('import.no_rows')} />;
  return (
    <>
      <VerdictTable header={query.data?.pages[0]?.header ?? []} rows={rows} />
      {query.hasNextPage && (
        <div>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('action.load_more')}
          </Button>
        </div>
      )}
    </>
  );
}
