import { Link } from '@tanstack/react-router';
import type { ImportVerdict } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';
import { Badge, type Tone } from '@/ui/kit';
import css from './exchange.module.css';

const tones: Record<string, Tone> = { created: 'good', updated: 'accent', skipped: 'warn', failed: 'bad' };

/** Rows of a file and what became of them. */
export function VerdictTable(props: { header: string[]; rows: ImportVerdict[] }) {
  const t = useT();
  const code = useCode();
  return (
    <div className={css.tableBox} tabIndex={0} role="region" aria-label={t('import.verdicts')}>
      <table className={css.table} data-testid="import-verdicts">
        <thead>
          <tr>
            <th scope="col">{t('import.line')}</th>
            <th scope="col">{t('import.verdict')}</th>
            <th scope="col">{t('import.reason')}</th>
            <th scope="col">{t('import.client')}</th>
            {props.header.map((name, index) => (
              <th scope="col" key={index}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={row.line} data-testid="verdict-row" data-verdict={row.verdict} data-code={row.code}>
              <td className="whisper num">{row.line}</td>
              <td>
                <Badge tone={tones[row.verdict] ?? 'plain'}>{code('import.verdict', row.verdict)}</Badge>
              </td>
              <td>
                {row.code && code('import.code', row.code)}
                {row.field && <span className="whisper"> · {code('import.target', row.field)}</span>}
              </td>
              <td>
                {row.client_id ? (
                  <Link to="/clients/$clientId" params={{ clientId: String(row.client_id) }}>
                    {row.client_name || `#${row.client_id}`}
                  </Link>
                ) : (
                  row.client_name
                )}
              </td>
              {props.header.map((_, index) => (
                <td key={index} title={row.cells[index]}>
                  {row.cells[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
