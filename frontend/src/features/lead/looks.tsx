import {
  CalendarCheck,
  CalendarX,
  CircleAlert,
  CircleHelp,
  Hourglass,
  Inbox,
  PhoneMissed,
  PhoneOutgoing,
  UserCheck,
  type LucideIcon,
} from 'lucide-react';
import type { Lead, LeadClass } from '@/api/types';
import { useNow } from '@/lib/clock';
import { clockText, secondsBetween, useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Badge, type Tone } from '@/ui/kit';
import css from './lead.module.css';

export const classLooks: Record<LeadClass, { icon: LucideIcon; tone: Tone }> = {
  lost: { icon: PhoneMissed, tone: 'bad' },
  new: { icon: Inbox, tone: 'warn' },
  next_step_overdue: { icon: CalendarX, tone: 'bad' },
  answered_no_next_step: { icon: CircleAlert, tone: 'warn' },
  our_dial_unanswered: { icon: PhoneOutgoing, tone: 'warn' },
  called_back_20m: { icon: UserCheck, tone: 'good' },
  called_back_23h: { icon: Hourglass, tone: 'warn' },
  client_reached_us: { icon: UserCheck, tone: 'good' },
  next_step_planned: { icon: CalendarCheck, tone: 'plain' },
};

const unknownLook = { icon: CircleHelp, tone: 'plain' as Tone };

export function ClassBadge(props: { leadClass: LeadClass }) {
  const t = useT();
  const { icon, tone } = classLooks[props.leadClass] ?? unknownLook;
  return (
    <Badge tone={tone} icon={icon} testId="lead-class" state={props.leadClass}>
      {t(`lead.class.${props.leadClass}`)}
    </Badge>
  );
}

export function leadName(lead: Lead): string {
  return lead.client_name || lead.caller_name || '';
}

export type ClockState = 'fine' | 'warn' | 'breach' | 'stopped';

/** Where a lead's clock stands against the two thresholds. */
export function clockState(lead: Lead, now: number, warnS: number, breachS: number): ClockState {
  if (lead.closed_at || lead.closing) return 'stopped';
  if (lead.next_step_at) return Date.parse(lead.next_step_at) < now ? 'breach' : 'fine';
  if (lead.touched_at) return lead.overdue_seconds > 0 ? 'warn' : 'fine';
  const waited = secondsBetween(lead.opened_at, now);
  if (waited >= breachS) return 'breach';
  return waited >= warnS ? 'warn' : 'fine';
}

/** From arrival to the first human touch; ticks until somebody touched it. */
export function LeadClock(props: { lead: Lead; warnS: number; breachS: number }) {
  const { lead } = props;
  const t = useT();
  const format = useFormat();
  const untouched = !lead.touched_at && !lead.closed_at;
  const now = useNow();
  const state = clockState(lead, now, props.warnS, props.breachS);
  if (untouched && !lead.next_step_at) {
    const waited = secondsBetween(lead.opened_at, now);
    return (
      <time className={css.clock} data-state={state} data-testid="lead-clock" title={t('lead.clock.untouched')}>
        {waited < 86_400 ? clockText(waited) : format.span(waited)}
      </time>
    );
  }
  if (lead.next_step_at) {
    const past = secondsBetween(lead.next_step_at, now);
    return (
      <time className={css.clock} data-state={state} data-testid="lead-clock" title={format.exact(lead.next_step_at)}>
        {past > 0 ? t('lead.clock.overdue', { span: format.span(past) }) : format.when(lead.next_step_at, now)}
      </time>
    );
  }
  return (
    <time
      className={css.clock}
      data-state={state}
      data-testid="lead-clock"
      title={format.exact(lead.touched_at ?? lead.opened_at)}
    >
      {t('lead.clock.touched', {
        span: format.span((Date.parse(lead.touched_at ?? '') - Date.parse(lead.opened_at)) / 1000),
      })}
    </time>
  );
}
