import { Button } from '@mantine/core';
import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import { useErrorText } from '@/api/react';
import { ApiError } from '@/api/http';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Failed } from '@/ui/kit';
import type { StepProps } from './ImportPage';
import { Meter, percentOf } from './looks';
import { Tiles } from './Tiles';
import { VerdictTable } from './VerdictTable';
import css from './exchange.module.css';

/** The dry run: what would happen, before anything does. */
export function CheckStep({ item, move, busy }: StepProps) {
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const errorText = useErrorText();
  const [verdict, setVerdict] = useState('');
  const { report } = item;
  if (item.state === 'checking') {
    return (
      <div className="stack" style={{ maxWidth: 480 }} data-testid="import-checking">
        <h2 className="strong">{t('import.checking')}</h2>
        <Meter label={t('import.checking')} percent={percentOf(item.position, item.total)} />
        <div className="row">
          <span className="soft num grow">
            {t('import.progress', { done: format.number(item.position), total: format.number(item.total) })}
          </span>
          <Button size="xs" variant="default" onClick={() => move('cancel')}>
            {t('action.cancel')}
          </Button>
        </div>
      </div>
    );
  }
  if (item.problem) {
    return <Failed small text={errorText(new ApiError(422, item.problem, ''))} retry={() => move('check')} />;
  }
  if (!report) {
    return (
      <div className="stack" style={{ maxWidth: 480 }}>
        <p className={css.note}>{t('import.check.text')}</p>
        <div>
          <Button loading={busy} onClick={() => move('check')} data-testid="import-check">
            {t('import.check')}
          </Button>
        </div>
      </div>
    );
  }
  const reasons = Object.entries(report.codes).sort((a, b) => b[1] - a[1]);
  return (
    <div className="stack" data-testid="import-report">
      <Tiles counts={report} chosen={verdict} onChoose={setVerdict} foreseen />
      <p className={css.note}>
        {report.total < item.total
          ? t('import.checked_part', { n: format.number(report.total), total: format.number(item.total) })
          : t('import.checked_all', { n: format.number(report.total) })}{' '}
        {report.ignored.length > 0 && t('import.owners_ignored')}
      </p>
      {reasons.length > 0 && (
        <ul className="row soft" style={{ flexWrap: 'wrap', margin: 0, padding: 0, listStyle: 'none' }}>
          {reasons.map(([name, n]) => (
            <li key={name}>
              <b className="num">{format.number(n)}</b> {code('import.code', name)}
            </li>
          ))}
        </ul>
      )}
      <VerdictTable
        header={item.mapping.columns.map((each) => each.header)}
        rows={report.samples.filter((row) => !verdict || row.verdict === verdict)}
      />
      <div>
        <Button
          size="xs"
          variant="default"
          leftSection={<RotateCw size={13} aria-hidden />}
          loading={busy}
          onClick={() => move('check')}
        >
          {t('import.check_again')}
        </Button>
      </div>
    </div>
  );
}
