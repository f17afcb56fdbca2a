import { Link } from '@tanstack/react-router';
import { Building2, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import type { TableRow } from '@/api/clientlist';
import type { FieldInfo, User } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Badge, PhoneNumber } from '@/ui/kit';
import css from './clientlist.module.css';
import { listOf, type Words } from './words';

/** What a cell is shown with. */
export interface CellContext {
  words: Words;
  users: Map<number, User>;
  now: number;
}

export const isNumeric = (info: FieldInfo) => info.type === 'number' || info.type === 'money';

/** A value of a client as a list shows it. */
export function CellView(props: { info: FieldInfo; row: TableRow; context: CellContext }): ReactNode {
  const { info, row, context } = props;
  const t = useT();
  const format = useFormat();
  const value = row.cells[info.key];
  if (info.key === 'name') {
    const Icon = row.kind === 'organisation' ? Building2 : UserRound;
    return (
      <>
        <Icon size={15} className={css.kind} aria-hidden />
        <Link
          to="/clients/$clientId"
          params={{ clientId: String(row.id) }}
          className="truncate strong"
          tabIndex={-1}
          data-testid="client-link"
        >
          {row.name}
        </Link>
      </>
    );
  }
  if (value == null || value === '' || (Array.isArray(value) && value.length === 0))
    return <span className="whisper">—</span>;
  if (info.key === 'phone') {
    const numbers = listOf(value).map(String);
    return (
      <>
        <PhoneNumber number={numbers[0] ?? ''} clientId={row.id} untabbed />
        {numbers.length > 1 && (
          <span className="whisper" title={numbers.join('\n')}>
            +{numbers.length - 1}
          </span>
        )}
      </>
    );
  }
  if (info.key === 'open_leads') {
    return Number(value) > 0 ? (
      <Badge tone="warn">{t('clients.leads', { n: Number(value) })}</Badge>
    ) : (
      <span className="whisper">—</span>
    );
  }
  if (info.type === 'user' && typeof value === 'number') {
    return <span className="truncate soft">{context.users.get(value)?.name ?? `#${value}`}</span>;
  }
  if (info.type === 'choice') return <span className="truncate">{context.words.choice(info, String(value))}</span>;
  if (info.type === 'bool') return <span>{value === true ? t('filter.op.yes') : '—'}</span>;
  if (info.type === 'date') {
    const at = String(value);
    return Number.isNaN(Date.parse(at)) ? (
      <span>{at}</span>
    ) : (
      <time dateTime={at} title={format.exact(at)} className="soft">
        {format.ago(at, context.now)}
      </time>
    );
  }
  const text = listOf(value)
    .map((each) => shown(info, each, format))
    .join(', ');
  return (
    <span className="truncate" title={text}>
      {text}
    </span>
  );
}

function shown(info: FieldInfo, value: unknown, format: ReturnType<typeof useFormat>): string {
  if (value == null) return '—';
  if (isNumeric(info) && !Number.isNaN(Number(value))) return format.number(Number(value));
  if (info.type === 'day' && /^\d{4}-/u.test(String(value))) return format.date(`${String(value)}T12:00:00Z`);
  return String(value);
}
