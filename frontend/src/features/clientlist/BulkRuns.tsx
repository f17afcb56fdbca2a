import { Button, Modal, Progress } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Ban, Check, ListChecks, Loader, TriangleAlert, Undo2, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import { tagsQuery } from '@/api/cards';
import { useErrorText, useReport } from '@/api/react';
import {
  bulkRowsQuery,
  bulkRunsQuery,
  cancelBulk,
  undoBulk,
  workKeys,
  type BulkRow,
  type BulkRun,
} from '@/api/worklist';
import type { FieldInfo } from '@/api/types';
import { serverNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { readJSON, tabStore } from '@/lib/storage';
import { Badge, Empty, Failed, SkeletonRows, type Tone } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import css from './clientlist.module.css';
import type { Words } from './words';

const hiddenKey = 'centralita.bulk.hidden';
const shownFor = 15 * 60_000;

const looks: Record<BulkRun['state'], { icon: LucideIcon; tone: Tone }> = {
  running: { icon: Loader, tone: 'accent' },
  undoing: { icon: Loader, tone: 'accent' },
  done: { icon: Check, tone: 'good' },
  cancelled: { icon: Ban, tone: 'plain' },
  failed: { icon: TriangleAlert, tone: 'bad' },
  undone: { icon: Undo2, tone: 'plain' },
};
const over = (run: BulkRun) => run.state !== 'running' && run.state !== 'undoing';

/** Work on many clients that is under way, or has just ended: how far, what came of it, and back again. */
export function BulkRuns(props: { fields: FieldInfo[]; words: Words }) {
  const runs = useQuery(bulkRunsQuery).data ?? [];
  const [hidden, setHidden] = useState<number[]>(() => readJSON<number[]>(tabStore.get(hiddenKey), []));
  const shown = runs.filter(
    (run) =>
      !hidden.includes(run.id) &&
      (!over(run) || (run.finished_at && serverNow() - Date.parse(run.finished_at) < shownFor)),
  );
  return shown.map((run) => (
    <Run
      key={run.id}
      run={run}
      {...props}
      onHide={() => {
        const next = [...hidden, run.id];
        tabStore.set(hiddenKey, JSON.stringify(next));
        setHidden(next);
      }}
    />
  ));
}

function useWhat(fields: FieldInfo[], words: Words) {
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const tags = useQuery(tagsQuery).data ?? [];
  /** A value of a row, as people read it. */
  const value = (run: BulkRun, exact: string): string => {
    if (!exact) return run.what.kind === 'responsible' ? t('value.nobody') : t('bulk.nothing');
    const key = run.what.kind === 'responsible' ? 'responsible' : (run.what.field ?? '');
    const info = fields.find((field) => field.key === key);
    return (info && words.options(info)?.find((option) => option.value === exact)?.label) ?? exact;
  };
  const what = (run: BulkRun): string => {
    const { kind, user_ids: people = [], field, tag_id: tag } = run.what;
    const head = code('bulk.kind', kind);
    if (kind === 'responsible')
      return `${head}: ${people.length > 0 ? format.list(people.map((id) => value(run, String(id)))) : t('value.nobody')}`;
    if (kind === 'field') {
      const info = fields.find((each) => each.key === field);
      return `${words.field(info, field)}: ${value(run, run.what.value ?? '')}`;
    }
    if (tag) return `${head}: ${tags.find((each) => each.id === tag)?.name ?? `#${tag}`}`;
    return head;
  };
  return { what, value };
}

function Run(props: { run: BulkRun; fields: FieldInfo[]; words: Words; onHide(): void }) {
  const { run } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const report = useReport();
  const cache = useQueryClient();
  const [looking, setLooking] = useState(false);
  const { what, value } = useWhat(props.fields, props.words);
  const move = useMutation({
    mutationFn: (step: 'cancel' | 'undo') => (step === 'undo' ? undoBulk(run.id) : cancelBulk(run.id)),
    onSuccess: (now) =>
      cache.setQueryData<BulkRun[]>(workKeys.runs, (runs) => runs?.map((each) => (each.id === now.id ? now : each))),
    onError: report,
    onSettled: () => void cache.invalidateQueries({ queryKey: workKeys.bulk }),
  });
  const back = run.state === 'undoing' || run.state === 'undone';
  const part = back ? run.undone + run.kept : run.position;
  const whole = back ? run.changed : run.total;
  const { icon, tone } = looks[run.state];
  const said = (n: number, verdict: string) =>
    n > 0 ? (
      <span key={verdict}>{t(`bulk.verdict.${verdict}` as 'bulk.verdict.changed', { n: format.number(n) })}</span>
    ) : null;
  return (
    <div className={css.run} data-testid="bulk-run" data-state={run.state} data-run={run.id}>
      <span className="truncate strong">{what(run)}</span>
      <Badge tone={tone} icon={icon} state={run.state} testId="bulk-state">
        {over(run)
          ? code('bulk.state', run.state)
          : t('bulk.progress', { done: format.number(part), total: format.number(whole) })}
      </Badge>
      {!over(run) && (
        <Progress
          className={css.progress}
          value={whole > 0 ? (part / whole) * 100 : 0}
          aria-label={what(run)}
          data-testid="bulk-meter"
        />
      )}
      <span className={css.verdicts} role="status" data-testid="bulk-verdicts">
        {back
          ? [said(run.undone, 'undone'), said(run.kept, 'kept')]
          : [
              said(run.changed, 'changed'),
              said(run.same, 'same'),
              said(run.refused, 'refused'),
              said(run.failed, 'failed'),
            ]}
        {run.problem && <span className={css.bad}>{code('error', run.problem)}</span>}
      </span>
      <span className="grow" />
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        leftSection={<ListChecks size={14} aria-hidden />}
        onClick={() => setLooking(true)}
        data-testid="bulk-rows"
      >
        {t('bulk.rows')}
      </Button>
      {run.state === 'running' && (
        <Button size="compact-sm" variant="default" onClick={() => move.mutate('cancel')} data-testid="bulk-stop">
          {t('bulk.stop')}
        </Button>
      )}
      {over(run) && run.state !== 'undone' && run.changed > 0 && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Undo2 size={14} aria-hidden />}
          onClick={() => move.mutate('undo')}
          loading={move.isPending}
          data-testid="bulk-undo"
        >
          {t('bulk.undo')}
        </Button>
      )}
      {over(run) && (
        <Button size="compact-sm" variant="subtle" color="gray" onClick={props.onHide} data-testid="bulk-hide">
          {t('bulk.dismiss')}
        </Button>
      )}
      <Modal
        opened={looking}
        onClose={() => setLooking(false)}
        title={what(run)}
        size="xl"
        closeButtonProps={{ 'aria-label': t('action.dismiss') }}
      >
        {looking && <RunRows run={run} value={(exact) => value(run, exact)} />}
      </Modal>
    </div>
  );
}

const verdicts = ['', 'changed', 'same', 'refused', 'failed', 'kept'] as const;

/** What became of each client of a run. */
function RunRows(props: { run: BulkRun; value(exact: string): string }) {
  const { run } = props;
  const t = useT();
  const code = useCode();
  const errorText = useErrorText();
  const [verdict, setVerdict] = useState<(typeof verdicts)[number]>('');
  const query = useInfiniteQuery(bulkRowsQuery(run.id, verdict));
  const rows = query.data?.pages.flat() ?? [];
  const state = (row: BulkRow) =>
    row.undone === true ? 'undone' : row.undone === false ? 'kept' : row.verdict || 'waiting';
  const valued = run.what.kind === 'responsible' || run.what.kind === 'field';
  return (
    <div className="stack">
      <Segmented<(typeof verdicts)[number]>
        label={t('bulk.rows')}
        value={verdict}
        onChange={setVerdict}
        data={verdicts
          .filter((each) => each === '' || run[each] > 0)
          .map((each) => ({ value: each, label: each ? code('bulk.row', each) : t('bulk.rows_all') }))}
      />
      {query.isPending ? (
        <SkeletonRows rows={6} />
      ) : query.isError ? (
        <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty small icon={ListChecks} title={t('bulk.no_rows')} />
      ) : (
        <ul className={css.runRows} data-testid="bulk-row-list">
          {rows.map((row) => (
            <li key={row.n} className="row" data-testid="bulk-row" data-verdict={row.verdict}>
              {row.client_name ? (
                <Link to="/clients/$clientId" params={{ clientId: String(row.client_id) }} className="truncate grow">
                  {row.client_name}
                </Link>
              ) : (
                <span className="whisper grow">{t('bulk.row.hidden')}</span>
              )}
              {valued && row.verdict === 'changed' && row.client_name && (
                <span className="soft truncate">
                  {props.value(row.before)} → {props.value(row.after)}
                </span>
              )}
              {row.code && <span className="whisper truncate">{code('error', row.code)}</span>}
              <Badge
                tone={
                  row.verdict === 'refused' || row.verdict === 'failed'
                    ? 'bad'
                    : row.verdict === 'changed'
                      ? 'good'
                      : 'plain'
                }
              >
                {code('bulk.row', state(row))}
              </Badge>
            </li>
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <div>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('action.load_more')}
          </Button>
        </div>
      )}
    </div>
  );
}
