import { Button, Menu } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  ChevronDown,
  CircleCheck,
  CircleMinus,
  CircleSlash,
  Headphones,
  NotebookPen,
  PhoneCall,
  PhoneOutgoing,
  type LucideIcon,
} from 'lucide-react';
import { callCommands, callKeys, presenceQuery } from '@/api/calls';
import { reasonsQuery } from '@/api/desk';
import { useMe, useReport } from '@/api/react';
import { usePhoneState, useTelephone } from '@/call/context';
import { offerNotices } from '@/call/notices';
import { useNow } from '@/lib/clock';
import { clockText, secondsBetween } from '@/lib/format';
import { useT } from '@/lib/i18n';
import css from './phone.module.css';
import { useReasonName } from '@/call/reasons';
import { deskState, type DeskState } from './status';

const looks: Record<DeskState, { icon: LucideIcon; tone: string }> = {
  offline: { icon: CircleSlash, tone: 'bad' },
  other_tab: { icon: CircleSlash, tone: 'plain' },
  connecting: { icon: CircleMinus, tone: 'plain' },
  available: { icon: CircleCheck, tone: 'good' },
  ringing: { icon: PhoneCall, tone: 'accent' },
  dialling: { icon: PhoneOutgoing, tone: 'accent' },
  on_call: { icon: Headphones, tone: 'accent' },
  hold: { icon: Headphones, tone: 'warn' },
  not_ready: { icon: CircleMinus, tone: 'warn' },
  wrap_up: { icon: NotebookPen, tone: 'warn' },
};

/** Available or not, since when, and the way to change it. */
export function PresenceMenu() {
  const t = useT();
  const me = useMe();
  const report = useReport();
  const client = useQueryClient();
  const { ringer } = useTelephone();
  const phone = usePhoneState();
  const mine = useQuery(presenceQuery).data?.find((each) => each.user_id === me.user.id);
  const state = deskState(phone, mine);
  const now = useNow();
  const reasons = (useQuery(reasonsQuery).data ?? []).filter((each) => each.active);
  const reasonName = useReasonName();
  const next = mine && !mine.ready && state !== 'not_ready' && state !== 'offline' ? reasonName(mine.reason) : null;
  const limit = reasons.find((each) => each.code === mine?.reason)?.limit_minutes ?? 0;
  const late = state === 'not_ready' && mine && limit > 0 && secondsBetween(mine.since, now) > limit * 60;
  const { icon: Icon, tone } = looks[state];

  function go(to: 'available' | 'not_ready', reason?: string) {
    void ringer.unlock();
    if (to === 'available') offerNotices();
    callCommands
      .presence(to, reason)
      .then(() => client.invalidateQueries({ queryKey: callKeys.presence }))
      .catch(report);
  }

  return (
    <Menu position="bottom-start" width={220}>
      <Menu.Target>
        <Button
          variant="default"
          className={css.presence}
          data-tone={late ? 'bad' : tone}
          data-testid="softphone-state"
          data-state={state}
          data-presence={mine?.state ?? 'unknown'}
          leftSection={<Icon size={15} aria-hidden />}
          rightSection={<ChevronDown size={13} aria-hidden />}
        >
          {state === 'not_ready' && mine?.reason ? reasonName(mine.reason) : t(`desk.${state}`)}
          {mine && <span className={css.since}>{clockText(secondsBetween(mine.since, now))}</span>}
          {next && (
            <span className={css.since} data-testid="next-state">
              → {next}
            </span>
          )}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<CircleCheck size={15} color="var(--c-good)" aria-hidden />}
          onClick={() => go('available')}
          data-testid="go-available"
        >
          {t('desk.available')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('desk.not_ready')}</Menu.Label>
        {reasons.map(({ code: reason }) => (
          <Menu.Item
            key={reason}
            leftSection={<CircleMinus size={15} color="var(--c-warn)" aria-hidden />}
            onClick={() => go('not_ready', reason)}
            data-testid={`not-ready-${reason}`}
          >
            {reasonName(reason)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
