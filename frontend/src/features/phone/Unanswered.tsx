import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { PhoneMissed } from 'lucide-react';
import { callCommands, callKeys, presenceQuery } from '@/api/calls';
import { useMe, useReport } from '@/api/react';
import { useTelephone } from '@/call/context';
import { useT } from '@/lib/i18n';
import css from './phone.module.css';

/** Who did not pick up gets no more calls until he says that he is there: he is told so until he does. */
export function Unanswered() {
  const t = useT();
  const me = useMe();
  const report = useReport();
  const cache = useQueryClient();
  const { ringer } = useTelephone();
  const mine = useQuery(presenceQuery).data?.find((each) => each.user_id === me.user.id);
  if (!mine || mine.ready || mine.reason !== 'no_answer') return null;
  const back = () => {
    void ringer.unlock();
    callCommands
      .presence('available')
      .then(() => cache.invalidateQueries({ queryKey: callKeys.presence }))
      .catch(report);
  };
  return (
    <div className={css.unanswered} role="status" data-testid="unanswered">
      <PhoneMissed size={16} aria-hidden />
      <span>{t('desk.unanswered')}</span>
      <Button size="xs" onClick={back} data-testid="unanswered-back">
        {t('desk.unanswered.back')}
      </Button>
    </div>
  );
}
