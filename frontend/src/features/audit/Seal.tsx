import { Button, Popover } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react';
import { auditKeys, sealsQuery, verifyAudit } from '@/api/audit';
import { useReport } from '@/api/react';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import css from './audit.module.css';

/** How far the log is sealed, signed and verified: one word, and behind it all of it. */
export function Seal() {
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const report = useReport();
  const cache = useQueryClient();
  const seals = useQuery(sealsQuery).data;
  const verify = useMutation({
    mutationFn: verifyAudit,
    onSuccess: (state) => cache.setQueryData(auditKeys.state, state),
    onError: report,
  });
  if (!seals) return null;
  const bad = seals.tampered || Boolean(seals.checked?.finding);
  const state = bad ? 'bad' : seals.trouble || !seals.checkpoint_at ? 'warn' : 'good';
  const Icon = { bad: ShieldAlert, warn: ShieldQuestion, good: ShieldCheck }[state];
  return (
    <Popover position="bottom-end" shadow="md" width={380} trapFocus>
      <Popover.Target>
        <button type="button" className={css.seal} data-tone={state} data-testid="audit-seal" data-state={state}>
          <Icon size={15} aria-hidden />
          {t(`audit.seal.${state}`)}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <dl className={css.facts}>
          <dt>{t('audit.seal.sealed')}</dt>
          <dd>{t('audit.seal.sealed_value', { n: seals.sealed, waiting: seals.unsealed })}</dd>
          <dt>{t('audit.seal.checkpoint')}</dt>
          <dd>
            {seals.checkpoint_at
              ? t('audit.seal.checkpoint_value', { n: seals.checkpoint, ago: format.ago(seals.checkpoint_at, now) })
              : t('value.none')}
          </dd>
          <dt>{t('audit.seal.verified')}</dt>
          <dd>
            {seals.checked
              ? t('audit.seal.verified_value', { n: seals.checked.seq, ago: format.ago(seals.checked.at, now) })
              : t('value.never')}
          </dd>
          <dt>{t('audit.seal.key')}</dt>
          <dd className="num">{seals.key || t('value.none')}</dd>
        </dl>
        {seals.checked?.finding && (
          <p className={css.bad} role="alert">
            {t('audit.seal.first_bad', { text: seals.checked.finding.text })}
          </p>
        )}
        {seals.trouble && (
          <p className={css.bad} role="alert">
            {seals.trouble}
          </p>
        )}
        <p className="whisper">{t('audit.seal.help')}</p>
        <Button
          variant="default"
          loading={verify.isPending || seals.verifying}
          onClick={() => verify.mutate()}
          data-testid="audit-verify"
        >
          {t('audit.seal.verify')}
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}
