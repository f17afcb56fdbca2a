import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronRight, Eye, PencilLine, type LucideIcon } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { AuditFilter } from '@/api/audit';
import type { AuditRow } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Changes, summary } from './Changes';
import css from './audit.module.css';

/** The log line by line; a line opens to what it changed. */
export function AuditList(props: {
  rows: AuditRow[];
  more(): void;
  foot: ReactNode;
  onFilter(part: Partial<AuditFilter>): void;
}) {
  const t = useT();
  const { rows, more } = props;
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    getItemKey: (index) => rows[index]?.id ?? index,
    estimateSize: () => 36,
    overscan: 12,
    initialRect: { width: 1000, height: 800 },
  });
  const items = virtual.getVirtualItems();
  const lastShown = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (rows.length >= 30 && lastShown > rows.length - 20) more();
  }, [lastShown, rows.length, more]);
  const toggle = (id: number) =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  return (
    <div
      ref={box}
      className={css.scroll}
      tabIndex={0}
      aria-label={t('audit.log')}
      role="group"
      data-testid="audit-list"
    >
      <ul className={css.list} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <li
              key={row.id}
              ref={virtual.measureElement}
              data-index={item.index}
              className={css.item}
              style={{ transform: `translateY(${item.start}px)` }}
              data-testid="audit-row"
              data-action={row.action}
            >
              <Row row={row} opened={open.has(row.id)} onToggle={() => toggle(row.id)} onFilter={props.onFilter} />
            </li>
          );
        })}
      </ul>
      {props.foot && <div className={css.foot}>{props.foot}</div>}
    </div>
  );
}

function Row(props: { row: AuditRow; opened: boolean; onToggle(): void; onFilter(part: Partial<AuditFilter>): void }) {
  const { row, opened } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const now = useNow(false);
  const Icon: LucideIcon = row.look ? Eye : PencilLine;
  return (
    <>
      <div className={css.row}>
        <button
          type="button"
          className={css.toggle}
          aria-expanded={opened}
          aria-label={t('audit.details', { id: row.id })}
          onClick={props.onToggle}
          data-testid="audit-open"
        >
          <ChevronRight size={14} aria-hidden data-opened={opened || undefined} />
        </button>
        <time className="soft" title={format.exact(row.at)}>
          {format.when(row.at, now)}
        </time>
        {row.user_id ? (
          <button
            type="button"
            className={css.person}
            onClick={() => props.onFilter({ user_id: row.user_id ?? undefined })}
            title={t('audit.only_user', { name: row.user_name })}
          >
            {row.user_name || t('audit.user_number', { id: row.user_id })}
          </button>
        ) : (
          <span className="soft">{t('audit.system')}</span>
        )}
        <span className={css.deed}>
          <Icon size={13} aria-hidden className={row.look ? css.look : css.change} />
          <span className="truncate">{code('audit.action', row.action)}</span>
        </span>
        <Thing row={row} />
        <span className={css.summary} title={summary(row.changes)}>
          {summary(row.changes)}
        </span>
      </div>
      {opened && (
        <div className={css.details} data-testid="audit-details">
          <Changes changes={row.changes} look={row.look} />
          <p className="whisper">
            {t('audit.trace', {
              id: row.id,
              ip: row.ip || '–',
              request: row.request_id || '–',
              session: row.session_id ?? '–',
            })}
          </p>
        </div>
      )}
    </>
  );
}

/** What it was done to, as the way there where there is one. */
function Thing(props: { row: AuditRow }) {
  const { entity, entity_id: id } = props.row;
  const code = useCode();
  const t = useT();
  const name = id > 0 ? t('audit.thing', { entity: code('audit.entity', entity), id }) : code('audit.entity', entity);
  if (entity === 'client' && id > 0) {
    return (
      <Link to="/clients/$clientId" params={{ clientId: String(id) }} className={css.thing}>
        {name}
      </Link>
    );
  }
  if (entity === 'lead' && id > 0) {
    return (
      <Link to="/leads/$leadId" params={{ leadId: String(id) }} className={css.thing}>
        {name}
      </Link>
    );
  }
  return <span className="truncate soft">{name}</span>;
}
