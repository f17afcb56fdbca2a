import { useQuery } from '@tanstack/react-query';
import { reasonsQuery } from '@/api/desk';
import { useCode, useT } from '@/lib/i18n';

/** The name of a reason for taking no calls: the firm's own, or the product's in the language of the screen. */
export function useReasonName(): (code: string) => string {
  const t = useT();
  const code = useCode();
  const reasons = useQuery(reasonsQuery).data ?? [];
  return (reason) =>
    reason === ''
      ? t('desk.not_ready')
      : reasons.find((each) => each.code === reason)?.name || code('desk.reason', reason);
}
