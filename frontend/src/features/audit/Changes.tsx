import { ArrowRight } from 'lucide-react';
import type { AuditChange } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';
import css from './audit.module.css';

/** A value of the log as a person reads it. */
export function plain(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The first changes in one line. */
export function summary(changes: readonly AuditChange[]): string {
  return changes
    .slice(0, 3)
    .map((change) => {
      const before = plain(change.before);
      const after = plain(change.after);
      return before && after ? `${before} → ${after}` : after || before;
    })
    .join(' · ');
}

/** From what to what, value by value. */
export function Changes(props: { changes: readonly AuditChange[]; look?: boolean }) {
  const t = useT();
  const code = useCode();
  if (props.changes.length === 0) return <p className="soft">{t('audit.nothing_more')}</p>;
  return (
    <table className={css.changes}>
      <tbody>
        {props.changes.map((change) => (
          <tr key={change.path}>
            <th scope="row">{change.path === '' ? t('audit.value') : code('audit.field', change.path)}</th>
            <td>
              {change.before !== undefined && <del>{plain(change.before)}</del>}
              {change.before !== undefined && change.after !== undefined && (
                <ArrowRight size={12} aria-label={t('audit.became')} />
              )}
              {change.after !== undefined &&
                (props.look ? <span>{plain(change.after)}</span> : <ins>{plain(change.after)}</ins>)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
