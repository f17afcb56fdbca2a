import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { auditAlertsQuery, auditKeys, seeAlert } from '@/api/audit';
import { useReport } from '@/api/react';
import type { AuditAlert } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT, type Translate } from '@/lib/i18n';
import css from './audit.module.css';

/** An alert in a sentence. */
export function alertText(t: Translate, code: ReturnType<typeof useCode>, alert: AuditAlert): string {
  if (alert.kind === 'webhook.disabled') return t('audit.alert.webhook', { name: alert.detail });
  if (!alert.kind.startsWith('quota.')) return t('audit.alert.changed', { text: alert.detail });
  return t(alert.period === 'hour' ? 'audit.alert.hour' : 'audit.alert.day', {
    name: alert.user_name,
    n: alert.quota,
    kind: code('audit.kind', alert.kind.slice('quota.'.length)),
  });
}

/** What nobody has seen yet: quotas met, and trouble of the log itself. */
export function Alerts() {
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const now = useNow(false);
  const report = useReport();
  const cache = useQueryClient();
  const alerts = useQuery(auditAlertsQuery).data?.items ?? [];
  const see = useMutation({
    mutationFn: seeAlert,
    onSuccess: () => cache.invalidateQueries({ queryKey: auditKeys.alerts }),
    onError: report,
  });
  if (alerts.length === 0) return null;
  return (
    <ul className={css.alerts} aria-label={t('audit.alerts')} data-testid="audit-alerts">
      {alerts.map((alert) => (
        <li key={alert.id} data-kind={alert.kind} data-testid="audit-alert">
          <TriangleAlert size={14} aria-hidden />
          <span className="grow">{alertText(t, code, alert)}</span>
          <time className="soft" title={format.exact(alert.at)}>
            {format.when(alert.at, now)}
          </time>
          {alert.user_id && (
            <Link to="/audit" search={{ user_id: alert.user_id }} className={css.thing}>
              {t('audit.show_rows')}
            </Link>
          )}
          <Button
            size="compact-xs"
            variant="default"
            loading={see.isPending && see.variables === alert.id}
            onClick={() => see.mutate(alert.id)}
            data-testid="audit-alert-seen"
          >
            {t('audit.seen')}
          </Button>
        </li>
      ))}
    </ul>
  );
}
