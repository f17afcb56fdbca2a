import { ActionIcon, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IdCard, PhoneMissed, UserPlus, X } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { callQuery, presenceQuery } from '@/api/calls';
import { useMe } from '@/api/react';
import type { CallView, Presence } from '@/api/types';
import { usePhoneState, useTelephone } from '@/call/context';
import { isOffer, type Farewell } from '@/call/softphone';
import { clockText, useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { PhoneNumber } from '@/ui/kit';
import { notices } from '@/call/notices';
import { useStore } from '@/lib/react-store';
import { NoticePrimer } from './NoticePrimer';
import { RingCard } from './RingCard';
import { WrapUp } from './WrapUp';
import css from './phone.module.css';

const farewellMs = 12_000;

/** What floats beside the work: offers, what became of them, what to do after. */
export function Dock(props: { outcome(call: CallView, done: () => void): ReactNode }) {
  const phone = usePhoneState();
  const t = useT();
  const offers = phone.calls.filter((call) => isOffer(call));
  const { primer } = useStore(notices);
  const me = useMe();
  const mine = useQuery(presenceQuery).data?.find((each) => each.user_id === me.user.id);
  const wrap = mine?.state === 'wrap_up' && mine.call_id ? mine : undefined;
  const wrapped = useQuery({ ...callQuery(wrap?.call_id ?? 0), enabled: !!wrap }).data;
  const finished = wrap ? (phone.finished?.id === wrap.call_id ? phone.finished : wrapped) : phone.finished;
  if (offers.length === 0 && phone.missed.length === 0 && !finished && !primer) return null;
  return (
    <aside className={css.dock} aria-label={t('ring.area')}>
      {offers.map((call) => (
        <RingCard key={call.id} call={call} />
      ))}
      {phone.missed.map((each) => (
        <Withdrawn key={each.call.id} farewell={each} />
      ))}
      {finished && <Finished key={finished.id} call={finished} wrap={wrap} outcome={props.outcome} />}
      <NoticePrimer />
    </aside>
  );
}

function nameOf(call: CallView): string {
  return call.client_name || call.caller_name || call.number.display || call.number.raw;
}

function Withdrawn(props: { farewell: Farewell }) {
  const { call, reason } = props.farewell;
  const t = useT();
  const code = useCode();
  const { softphone } = useTelephone();
  useEffect(() => {
    const timer = setTimeout(() => softphone.dismissMissed(call.id), farewellMs);
    return () => clearTimeout(timer);
  }, [softphone, call.id]);
  return (
    <div
      className={css.withdrawn}
      role="status"
      data-testid="ring-withdrawn"
      data-reason={reason}
      data-call-id={call.id}
    >
      <PhoneMissed size={15} aria-hidden />
      <span className="truncate grow">
        <span className="strong">{nameOf(call) || t('number.withheld')}</span> · {code('withdrawn', reason)}
      </span>
      <ActionIcon
        size={24}
        aria-label={t('action.dismiss')}
        onClick={() => softphone.dismissMissed(call.id)}
        data-testid="dismiss-missed"
      >
        <X size={14} aria-hidden />
      </ActionIcon>
    </div>
  );
}

function talkSeconds(call: CallView): number {
  if (!call.answered_at || !call.ended_at) return 0;
  return (Date.parse(call.ended_at) - Date.parse(call.answered_at)) / 1000;
}

/** After the talk: how it ended, and what was promised. Never modal. */
function Finished(props: {
  call: CallView;
  wrap: Presence | undefined;
  outcome(call: CallView, done: () => void): ReactNode;
}) {
  const { call } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const { softphone } = useTelephone();
  const done = () => softphone.dismissFinished();
  return (
    <section className={css.finished} data-testid="finished-card" data-call-id={call.id} data-outcome={call.outcome}>
      <header className="row">
        <h2 className="truncate grow">{nameOf(call) || t('number.withheld')}</h2>
        <ActionIcon size={24} aria-label={t('action.dismiss')} onClick={done} data-testid="finished-dismiss">
          <X size={14} aria-hidden />
        </ActionIcon>
      </header>
      <p className="soft" data-testid="finished-outcome">
        {call.ended_at ? code('outcome', call.outcome || 'failed') : t('call.handed_over')}
        {call.answered_at && call.ended_at ? ` · ${clockText(talkSeconds(call))}` : ''}
        {call.answered_at && call.ended_by ? ` · ${code('ended_by', call.ended_by)}` : ''}
        {call.outcome !== 'answered' && call.cause_text ? ` · ${code('cause', call.cause_text)}` : ''}
        {call.ended_at ? ` · ${format.time(call.ended_at)}` : ''}
      </p>
      <div className="row">
        {call.client_id ? (
          <Button
            component={Link}
            {...({ to: '/clients/$clientId', params: { clientId: String(call.client_id) } } as object)}
            variant="default"
            leftSection={<IdCard size={14} aria-hidden />}
            data-testid="finished-open-card"
          >
            {t('ring.open')}
          </Button>
        ) : (
          <Button
            component={Link}
            {...({
              to: '/clients/new',
              search: {
                lead: call.lead_id ?? undefined,
                number: call.number.e164 || call.number.raw || undefined,
                name: call.caller_name || undefined,
              },
            } as object)}
            variant="default"
            leftSection={<UserPlus size={14} aria-hidden />}
            data-testid="finished-create-client"
          >
            {t('ring.create')}
          </Button>
        )}
        <PhoneNumber
          number={call.number.e164 || call.number.raw}
          text={call.number.display}
          dialable={call.number.dialable}
          clientId={call.client_id}
          leadId={call.lead_id}
        />
      </div>
      {call.lead_id ? props.outcome(call, props.wrap ? () => {} : done) : null}
      <WrapUp call={call} wrap={props.wrap} onDone={done} />
    </section>
  );
}
