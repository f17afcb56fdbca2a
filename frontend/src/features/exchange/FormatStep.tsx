import { Select, Switch } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { importPreviewQuery } from '@/api/exchange';
import { useErrorText } from '@/api/react';
import type { SheetFormat } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';
import { Failed, SkeletonRows } from '@/ui/kit';
import type { StepProps } from './ImportPage';
import css from './exchange.module.css';

const encodings: SheetFormat['encoding'][] = ['utf-8', 'windows-1251', 'windows-1252', 'utf-16le', 'utf-16be'];
const delimiters = [';', ',', '\t', '|'];

/** How the file is to be read, and at once what comes out. */
export function FormatStep({ item, change }: StepProps) {
  const t = useT();
  const code = useCode();
  const errorText = useErrorText();
  const { format } = item;
  const query = useQuery({ ...importPreviewQuery(item.id, format), placeholderData: keepPreviousData });
  const set = (part: Partial<SheetFormat>) => change({ format: { ...format, ...part } });
  return (
    <div className="stack">
      <div className="row" style={{ alignItems: 'flex-end', flexWrap: 'wrap' }}>
        {format.kind !== 'xlsx' && (
          <Select
            label={t('import.encoding')}
            w={170}
            value={format.encoding}
            onChange={(encoding) => encoding && set({ encoding: encoding as SheetFormat['encoding'] })}
            data={encodings.map((each) => ({ value: each, label: each.toUpperCase() }))}
            data-testid="import-encoding"
          />
        )}
        {format.kind === 'csv' && (
          <Select
            label={t('import.delimiter')}
            w={170}
            value={format.delimiter}
            onChange={(delimiter) => delimiter && set({ delimiter })}
            data={delimiters.map((each) => ({
              value: each,
              label: t(
                `import.delimiter.${each === ';' ? 'semicolon' : each === ',' ? 'comma' : each === '|' ? 'bar' : 'tab'}`,
              ),
            }))}
            data-testid="import-delimiter"
          />
        )}
        {format.kind === 'xlsx' && item.sheets.length > 1 && (
          <Select
            label={t('import.sheet')}
            w={220}
            value={format.sheet || (item.sheets[0] ?? '')}
            onChange={(sheet) => sheet && set({ sheet })}
            data={item.sheets}
          />
        )}
        {format.kind !== 'vcard' && (
          <Switch
            label={t('import.header')}
            checked={format.header}
            onChange={(event) => set({ header: event.currentTarget.checked })}
            mb={6}
            data-testid="import-header"
          />
        )}
      </div>
      {query.isPending ? (
        <SkeletonRows rows={8} />
      ) : query.isError ? (
        <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : (
        <div className={css.tableBox} tabIndex={0} role="region" aria-label={t('import.preview')}>
          <table className={css.table} data-testid="import-preview">
            <thead>
              <tr>
                <th scope="col">{t('import.line')}</th>
                {query.data.header.map((name, index) => (
                  <th scope="col" key={index} title={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {query.data.rows.map((row) => (
                <tr key={row.line} data-bad={row.problem || undefined}>
                  <td className="whisper num">{row.line}</td>
                  {query.data.header.map((_, index) => (
                    <td key={index} title={row.cells[index]}>
                      {index === 0 && row.problem ? code('import.code', row.problem) : row.cells[index]}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p className="whisper">{t('import.format.hint')}</p>
    </div>
  );
}
