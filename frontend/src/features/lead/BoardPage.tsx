import { Button, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, PartyPopper, Pause, Play, Radio, RefreshCw, TriangleAlert } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { boardQuery } from '@/api/leads';
import { useErrorText, useMe } from '@/api/react';
import { leadClasses, type Board, type LeadClass } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { useStore } from '@/lib/react-store';
import { useLiveStore } from '@/live/context';
import { Badge, Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { BalanceLine } from './Balance';
import { BoardRows } from './BoardRows';
import { classLooks } from './looks';
import css from './lead.module.css';

export interface BoardFilter {
  class?: LeadClass;
}

/** What is being lost now, and who is free to save it. */
export function BoardPage(props: {
  filter: BoardFilter;
  onFilter(filter: BoardFilter): void;
  onOpen(id: number): void;
}) {
  const t = useT();
  const errorText = useErrorText();
  const [paused, setPaused] = useState(false);
  const query = useQuery({ ...boardQuery, refetchInterval: paused ? false : 15_000 });
  const [frozen, setFrozen] = useState<Board | null>(null);
  const board = paused ? (frozen ?? query.data) : query.data;
  const chosen = props.filter.class;
  const rows = useMemo(() => (board?.rows ?? []).filter((lead) => !chosen || lead.class === chosen), [board, chosen]);

  return (
    <Page
      title={t('nav.board')}
      testId="board-page"
      lead={<span className="soft">{t('board.subtitle')}</span>}
      actions={
        <Freshness
          asOf={board?.as_of}
          paused={paused}
          failed={query.isError}
          onPause={() => {
            setFrozen(paused ? null : (query.data ?? null));
            setPaused(!paused);
          }}
        />
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={12} />
      ) : !board ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : (
        <div className={css.board}>
          <BalanceLine balance={board.balance} />
          <div className={css.boardBody}>
            <div className={css.boardMain}>
              <Classes board={board} chosen={chosen} onChoose={(next) => props.onFilter({ class: next })} />
              {rows.length === 0 ? (
                chosen ? (
                  <Empty
                    icon={CircleCheck}
                    title={t('board.none_of_class')}
                    action={
                      <Button variant="default" onClick={() => props.onFilter({})}>
                        {t('board.show_all')}
                      </Button>
                    }
                  />
                ) : (
                  <Empty icon={PartyPopper} title={t('board.empty')} testId="board-empty">
                    {t('board.empty.text')}
                  </Empty>
                )
              ) : (
                <BoardRows rows={rows} free={board.free ?? []} onOpen={props.onOpen} />
              )}
            </div>
            <Free board={board} />
          </div>
        </div>
      )}
    </Page>
  );
}

function Freshness(props: { asOf: string | undefined; paused: boolean; failed: boolean; onPause(): void }) {
  const t = useT();
  const format = useFormat();
  const live = useStore(useLiveStore());
  const now = useNow();
  const stale = props.asOf !== undefined && now - Date.parse(props.asOf) > 30_000;
  const state = props.paused ? 'paused' : props.failed || stale ? 'stale' : live === 'connected' ? 'live' : 'polling';
  const tone = { paused: 'plain', stale: 'bad', live: 'good', polling: 'warn' } as const;
  const icon = { paused: Pause, stale: TriangleAlert, live: Radio, polling: RefreshCw } as const;
  return (
    <div className="row">
      {props.asOf && (
        <time className="whisper" dateTime={props.asOf}>
          {t('board.as_of', { time: format.clock(props.asOf) })}
        </time>
      )}
      <Badge tone={tone[state]} icon={icon[state]} testId="board-live" state={state}>
        {t(`board.${state}`)}
      </Badge>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={props.paused ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}
        onClick={props.onPause}
        data-testid="board-pause"
      >
        {props.paused ? t('board.resume') : t('board.pause')}
      </Button>
    </div>
  );
}

/** The fixed classes with their counts and the money in them; each opens. */
function Classes(props: { board: Board; chosen: LeadClass | undefined; onChoose(next: LeadClass | undefined): void }) {
  const t = useT();
  const format = useFormat();
  const currency = useMe().firm.currency;
  const counts = new Map((props.board.classes ?? []).map((each) => [each.class, each]));
  const total = [...counts.values()].reduce((sum, each) => sum + each.count, 0);
  return (
    <div className={css.classes} role="group" aria-label={t('board.classes')}>
      {leadClasses.map((each) => {
        const { icon: Icon, tone } = classLooks[each];
        const count = counts.get(each)?.count ?? 0;
        const value = Number(counts.get(each)?.value ?? 0);
        const share = total > 0 ? count / total : 0;
        return (
          <Tooltip key={each} label={t(`lead.class.${each}.help`)} multiline w={260}>
            <button
              type="button"
              className={css.classTile}
              data-tone={count > 0 ? tone : 'plain'}
              aria-pressed={props.chosen === each}
              onClick={() => props.onChoose(props.chosen === each ? undefined : each)}
              data-testid={`class-${each}`}
              data-count={count}
            >
              <span className={css.classHead}>
                <Icon size={14} aria-hidden />
                <span>{t(`lead.class.${each}`)}</span>
              </span>
              <span className={css.classCount}>
                {format.number(count)}
                <span className="whisper num">{value > 0 ? format.money(value, currency) : ''}</span>
              </span>
              <span className={css.classBar} aria-hidden>
                <span style={{ width: `${share * 100}%` }} />
              </span>
            </button>
          </Tooltip>
        );
      })}
    </div>
  );
}

function Free(props: { board: Board }) {
  const t = useT();
  const format = useFormat();
  const now = useNow();
  const [shown, setShown] = useState(props.board.free ?? []);
  useEffect(() => setShown(props.board.free ?? []), [props.board.free]);
  return (
    <aside className={css.free} aria-label={t('board.free')} data-testid="board-free">
      <h2>
        {t('board.free')} <span className="num">{shown.length}</span>
      </h2>
      {shown.length === 0 ? (
        <p className="soft">{t('board.nobody_free')}</p>
      ) : (
        <ul>
          {shown.map((each) => (
            <li key={each.user_id} data-testid="free-user" data-user-id={each.user_id}>
              <CircleCheck size={14} color="var(--c-good)" aria-hidden />
              <span className="truncate grow">{each.name}</span>
              <span className="whisper num">{format.span((now - Date.parse(each.since)) / 1000)}</span>
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}
