import { ArrowDown, ArrowUp } from 'lucide-react';
import { useRef, type KeyboardEvent, type PointerEvent } from 'react';
import type { FieldInfo } from '@/api/types';
import { useT } from '@/lib/i18n';
import css from './clientlist.module.css';
import { isNumeric } from './Cell';
import { leastWidth, mostWidth, widthOf, type Column } from './model';
import type { Words } from './words';

const keyStep = 16;

/** The head of a column: sorts, is moved by dragging, and is as wide as one likes. */
export function HeadCell(props: {
  column: Column;
  index: number;
  info: FieldInfo;
  words: Words;
  sort: string;
  desc: boolean;
  onSort(): void;
  onWidth(width: number, done: boolean): void;
  onMove(from: string): void;
}) {
  const { column, info, onWidth } = props;
  const t = useT();
  const label = props.words.field(info);
  const sorted = props.sort === column.key;
  const drag = useRef<{ x: number; width: number } | null>(null);
  const Arrow = props.desc ? ArrowDown : ArrowUp;

  const moved = (event: PointerEvent) => {
    if (drag.current) onWidth(widthOf(column.key, drag.current.width + event.clientX - drag.current.x), false);
  };
  const released = (event: PointerEvent) => {
    if (!drag.current) return;
    onWidth(widthOf(column.key, drag.current.width + event.clientX - drag.current.x), true);
    drag.current = null;
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -keyStep, ArrowRight: keyStep }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    onWidth(widthOf(column.key, column.width + step), true);
  };

  return (
    <span
      role="columnheader"
      aria-sort={sorted ? (props.desc ? 'descending' : 'ascending') : undefined}
      aria-colindex={props.index + 2}
      className={css.headCell}
      data-numeric={isNumeric(info) || undefined}
      data-sticky={column.key === 'name' || undefined}
      data-testid="column-head"
      data-key={column.key}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        props.onMove(event.dataTransfer.getData('text/plain'));
      }}
    >
      {info.sortable ? (
        <button
          type="button"
          className={css.sorter}
          draggable
          onDragStart={(event) => event.dataTransfer.setData('text/plain', column.key)}
          onClick={props.onSort}
          title={t('list.sort_by', { field: label })}
        >
          <span className="truncate">{label}</span>
          {sorted && <Arrow size={12} aria-hidden />}
        </button>
      ) : (
        <span
          className="truncate"
          draggable
          onDragStart={(event) => event.dataTransfer.setData('text/plain', column.key)}
        >
          {label}
        </span>
      )}
      <span
        role="separator"
        aria-orientation="vertical"
        aria-label={t('list.width', { field: label })}
        aria-valuenow={Math.round(column.width)}
        aria-valuemin={leastWidth}
        aria-valuemax={mostWidth}
        tabIndex={0}
        className={css.resizer}
        onKeyDown={keys}
        onPointerDown={(event) => {
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, width: column.width };
        }}
        onPointerMove={moved}
        onPointerUp={released}
        onDoubleClick={() => onWidth(widthOf(column.key), true)}
      />
    </span>
  );
}
