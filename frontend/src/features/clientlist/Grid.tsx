import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
import type { TableRow } from '@/api/clientlist';
import type { FieldInfo } from '@/api/types';
import { useT } from '@/lib/i18n';
import { CellView, isNumeric, type CellContext } from './Cell';
import css from './clientlist.module.css';
import { HeadCell } from './Header';
import { writeColumns, type Column } from './model';
import type { Rows } from './useRows';
import type { Selection } from './useSelection';

const rowHeight = 34;
const checkWidth = 36;

export interface GridProps {
  rows: Rows;
  /** What is asked for: another question begins at the top. */
  of: string;
  total: number | undefined;
  columns: Column[];
  fields: Map<string, FieldInfo>;
  context: CellContext;
  selection: Selection;
  sort: string;
  desc: boolean;
  at: number;
  onAt(row: number): void;
  onSort(key: string): void;
  onColumns(columns: Column[]): void;
  onOpen(row: TableRow): void;
  editable(info: FieldInfo): boolean;
  editor(info: FieldInfo, row: TableRow, done: (moved: boolean) => void): ReactNode;
}

/**
 * Clients as a grid: arrows move, Enter opens the card or edits, F2 edits, Space
 * chooses, Shift extends the choice. The grid itself has the focus and names the
 * cell that it is at.
 */
export function Grid(props: GridProps) {
  const { rows, fields, selection, at, onAt } = props;
  const t = useT();
  const [widths, setWidths] = useState<{ of: string; by: Record<string, number> }>({ of: '', by: {} });
  const held = writeColumns(props.columns) ?? '';
  const columns = useMemo(
    () =>
      props.columns.map((each) => ({
        ...each,
        width: (widths.of === held ? widths.by[each.key] : undefined) ?? each.width,
      })),
    [props.columns, widths, held],
  );
  const [column, setColumn] = useState(0);
  const [editing, setEditing] = useState(false);
  const anchor = useRef(0);
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.count,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollPaddingStart: 32,
    initialOffset: at > 10 ? (at - 5) * rowHeight : 0,
    initialRect: { width: 1000, height: 800 },
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? 0;
  const { see } = rows;
  useEffect(() => see(first, last), [see, first, last]);
  const asked = useRef(props.of);
  useEffect(() => {
    if (asked.current === props.of) return;
    asked.current = props.of;
    setEditing(false);
    virtual.scrollToOffset(0);
  }, [virtual, props.of]);

  const move = (row: number, to: number) => {
    const next = Math.max(0, Math.min(rows.count - 1, row));
    onAt(next);
    setColumn(Math.max(0, Math.min(columns.length - 1, to)));
    virtual.scrollToIndex(next, { align: 'auto' });
  };
  const infoAt = (index: number) => fields.get(columns[index]?.key ?? '');
  const edit = () => {
    const info = infoAt(column);
    if (!info || !rows.rowAt(at) || !props.editable(info)) return false;
    setEditing(true);
    return true;
  };
  const done = (moved: boolean) => {
    setEditing(false);
    if (moved) move(at + 1, column);
    requestAnimationFrame(() => box.current?.focus({ preventScroll: true }));
  };
  const range = (to: number) => {
    const ids: number[] = [];
    for (let i = Math.min(anchor.current, to); i <= Math.max(anchor.current, to); i++) {
      const row = rows.rowAt(i);
      if (row) ids.push(row.id);
    }
    selection.add(ids);
  };
  const pick = (index: number, event: { shiftKey: boolean }) => {
    const row = rows.rowAt(index);
    if (!row) return;
    if (event.shiftKey) range(index);
    else {
      selection.toggle(row.id);
      anchor.current = index;
    }
    onAt(index);
  };

  const keys = (event: KeyboardEvent) => {
    if (event.target !== box.current || editing || rows.count === 0) return;
    const steps: Record<string, [number, number]> = {
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      PageDown: [15, 0],
      PageUp: [-15, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (step && !event.altKey && !event.metaKey) {
      event.preventDefault();
      const to = Math.max(0, Math.min(rows.count - 1, at + step[0]));
      if (event.shiftKey && step[0] !== 0) range(to);
      else if (!event.shiftKey && step[0] !== 0) anchor.current = to;
      return move(to, column + step[1]);
    }
    if (event.key === 'Home' || event.key === 'End') {
      event.preventDefault();
      const end = event.key === 'End';
      return event.ctrlKey ? move(end ? rows.count - 1 : 0, column) : move(at, end ? columns.length - 1 : 0);
    }
    if (event.key === ' ') {
      event.preventDefault();
      return pick(at, event);
    }
    if (event.key === 'F2' || (event.key === 'Enter' && columns[column]?.key !== 'name' && !event.ctrlKey)) {
      event.preventDefault();
      if (edit() || event.key === 'F2') return;
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      const row = rows.rowAt(at);
      if (row) props.onOpen(row);
    } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      selection.add(rows.ids());
    } else if (event.key === 'Escape' && selection.count > 0) {
      event.preventDefault();
      selection.clear();
    }
  };
  const clicked = (event: MouseEvent, index: number, to: number) => {
    if ((event.target as HTMLElement).closest('a, button, input')) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      event.preventDefault();
      return pick(index, event);
    }
    anchor.current = index;
    onAt(index);
    setColumn(to);
  };

  const template = `${checkWidth}px ${columns.map((each) => `${each.width}px`).join(' ')} minmax(0, 1fr)`;
  const least = checkWidth + columns.reduce((sum, each) => sum + each.width, 0);
  const current = rows.rowAt(at);
  const allChosen = selection.all ? selection.ids.size === 0 : selection.count > 0 && selection.count === props.total;
  return (
    <div
      ref={box}
      role="grid"
      aria-label={`${t('nav.clients')}. ${t('list.keys')}`}
      aria-rowcount={(props.total ?? rows.count) + 1}
      aria-colcount={columns.length + 1}
      aria-multiselectable
      aria-activedescendant={current && !editing ? `cell-${current.id}-${columns[column]?.key ?? ''}` : undefined}
      tabIndex={0}
      className={css.grid}
      data-stale={rows.stale || undefined}
      onKeyDown={keys}
      data-testid="client-list"
    >
      <div role="rowgroup" className={css.head} style={{ minWidth: least }}>
        <div role="row" aria-rowindex={1} className={css.headRow} style={{ gridTemplateColumns: template }}>
          <span role="columnheader" className={css.check} data-sticky aria-colindex={1}>
            <input
              type="checkbox"
              aria-label={t('list.choose_all')}
              checked={allChosen}
              ref={(input) => {
                if (input) input.indeterminate = selection.count > 0 && !allChosen;
              }}
              onChange={() => (selection.count > 0 ? selection.clear() : selection.add(rows.ids()))}
              data-testid="select-all"
            />
          </span>
          {columns.map((each, index) => {
            const info = fields.get(each.key);
            return info ? (
              <HeadCell
                key={each.key}
                column={each}
                index={index}
                info={info}
                words={props.context.words}
                sort={props.sort}
                desc={props.desc}
                onSort={() => props.onSort(each.key)}
                onWidth={(width, settled) => {
                  if (settled) props.onColumns(columns.map((one) => (one.key === each.key ? { ...one, width } : one)));
                  else
                    setWidths((before) => ({
                      of: held,
                      by: { ...(before.of === held ? before.by : {}), [each.key]: width },
                    }));
                }}
                onMove={(from) => {
                  const taken = columns.find((one) => one.key === from);
                  if (!taken || from === each.key) return;
                  const rest = columns.filter((one) => one.key !== from);
                  const to = columns.findIndex((one) => one.key === each.key);
                  props.onColumns([...rest.slice(0, to), taken, ...rest.slice(to)]);
                }}
              />
            ) : null;
          })}
        </div>
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), minWidth: least, position: 'relative' }}>
        {items.map((item) => {
          const row = rows.rowAt(item.index);
          const chosen = row !== undefined && selection.has(row.id);
          return (
            <div
              key={item.index}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={row ? chosen : undefined}
              className={css.row}
              style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
              data-testid={row ? 'client-row' : 'row-loading'}
              data-client-id={row?.id}
              data-current={item.index === at || undefined}
              data-chosen={chosen || undefined}
            >
              {row ? (
                <>
                  <span role="gridcell" aria-colindex={1} className={css.check} data-sticky>
                    <input
                      type="checkbox"
                      tabIndex={-1}
                      aria-label={t('list.choose', { name: row.name })}
                      checked={chosen}
                      onChange={() => undefined}
                      onClick={(event) => {
                        pick(item.index, event);
                        box.current?.focus({ preventScroll: true });
                      }}
                      data-testid="select-row"
                    />
                  </span>
                  {columns.map((each, index) => {
                    const info = fields.get(each.key);
                    if (!info) return null;
                    const here = item.index === at && index === column;
                    return (
                      <span
                        key={each.key}
                        id={`cell-${row.id}-${each.key}`}
                        role="gridcell"
                        aria-colindex={index + 2}
                        aria-readonly={!props.editable(info) || undefined}
                        className={css.cell}
                        data-numeric={isNumeric(info) || undefined}
                        data-sticky={each.key === 'name' || undefined}
                        data-here={here || undefined}
                        data-editing={(here && editing) || undefined}
                        data-key={each.key}
                        data-testid="list-cell"
                        onClick={(event) => clicked(event, item.index, index)}
                        onDoubleClick={(event) => {
                          if ((event.target as HTMLElement).closest('button, input')) return;
                          if (here) edit();
                        }}
                      >
                        {here && editing ? (
                          props.editor(info, row, done)
                        ) : (
                          <CellView info={info} row={row} context={props.context} />
                        )}
                      </span>
                    );
                  })}
                </>
              ) : (
                <span role="gridcell" className={css.waiting} aria-label={t('state.loading')} />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
