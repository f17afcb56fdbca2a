import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { auditAlertsQuery } from '@/api/audit';
import { useCode, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { alertText } from './Alerts';

/** Says a new alert at once, wherever its reader is, and counts the open ones. */
export function useAlertWatch(enabled: boolean): number {
  const t = useT();
  const code = useCode();
  const toast = useToast();
  const alerts = useQuery({ ...auditAlertsQuery, enabled }).data?.items;
  const known = useRef<number | null>(null);
  useEffect(() => {
    if (!alerts) return;
    const newest = alerts[0]?.id ?? 0;
    if (known.current !== null) {
      for (const alert of alerts) if (alert.id > known.current) toast.failed(alertText(t, code, alert));
    }
    known.current = Math.max(newest, known.current ?? 0);
  }, [alerts, t, code, toast]);
  return alerts?.length ?? 0;
}
