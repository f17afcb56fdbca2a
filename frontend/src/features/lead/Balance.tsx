import { Link } from '@tanstack/react-router';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import type { Balance } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge } from '@/ui/kit';
import css from './lead.module.css';

/** opened = open + Σ closed by type. Every number opens to its rows. */
export function BalanceLine(props: { balance: Balance }) {
  const { balance } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const right = balance.difference === 0 && balance.calls_without_lead === 0;
  return (
    <section
      className={css.balance}
      aria-label={t('balance.title')}
      data-testid="balance"
      data-difference={balance.difference}
    >
      <Term label={t('balance.opened')} n={balance.opened} testId="balance-opened" search={{}} />
      <span className={css.sign}>=</span>
      <Term label={t('balance.open')} n={balance.open} testId="balance-open" search={{ state: 'open' }} />
      {(balance.closed ?? []).map((each) => (
        <span key={each.type} className="row" style={{ gap: 'inherit' }}>
          <span className={css.sign}>+</span>
          <Term
            label={code('closing', each.type)}
            n={each.count}
            testId={`balance-${each.type}`}
            search={{ state: 'closed', closing: each.type }}
          />
        </span>
      ))}
      <span className="grow" />
      <Badge
        tone={right ? 'good' : 'bad'}
        icon={right ? CircleCheck : TriangleAlert}
        testId="balance-state"
        state={right ? 'balanced' : 'broken'}
      >
        {right
          ? t('balance.right')
          : t('balance.wrong', {
              difference: format.number(balance.difference),
              calls: format.number(balance.calls_without_lead),
            })}
      </Badge>
    </section>
  );
}

function Term(props: { label: string; n: number; testId: string; search: { state?: string; closing?: string } }) {
  const format = useFormat();
  return (
    <Link to="/leads" search={props.search} className={css.term} data-testid={props.testId} data-count={props.n}>
      <span className={css.termNumber}>{format.number(props.n)}</span>
      <span className="whisper">{props.label}</span>
    </Link>
  );
}
