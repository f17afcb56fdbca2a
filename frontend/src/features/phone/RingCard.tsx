import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { IdCard, Link2, Phone, PhoneIncoming, PhoneOff, UserPlus } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { linkLead, unlinkLead } from '@/api/leads';
import { useCan, useReport } from '@/api/react';
import type { CallView, Candidate } from '@/api/types';
import { usePhoneState, useTelephone } from '@/call/context';
import type { LiveCall } from '@/call/softphone';
import { useNow } from '@/lib/clock';
import { hasUnsavedInput } from '@/lib/draft';
import { clockText, secondsBetween, useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { keysOf, useShortcut } from '@/lib/shortcuts';
import { Avatar, Badge, Kbd, LineTag } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './phone.module.css';

/** Sends the receipt once the pop has really been on the screen. */
function usePaintedReceipt(call: LiveCall): void {
  const { softphone } = useTelephone();
  const { id, offeredAt } = call;
  const told = useRef('');
  useEffect(() => {
    if (!offeredAt || told.current === offeredAt) return;
    let second = 0;
    const first = requestAnimationFrame(() => {
      second = requestAnimationFrame(() => {
        told.current = offeredAt;
        softphone.painted(id);
      });
    });
    return () => {
      cancelAnimationFrame(first);
      cancelAnimationFrame(second);
    };
  }, [softphone, id, offeredAt]);
}

/** A caller is ringing: who it may be, why we think so, and two big buttons. */
export function RingCard(props: { call: LiveCall }) {
  const { call } = props;
  const t = useT();
  const now = useNow();
  const navigate = useNavigate();
  const { softphone } = useTelephone();
  const phone = usePhoneState();
  usePaintedReceipt(call);
  const can = softphone.actions(call);
  const view = call.view;
  const candidates = view?.candidates ?? [];
  const [chosen, setChosen] = useState<number | null>(null);
  const known = view?.client_id ?? (candidates.length === 1 ? candidates[0]?.client_id : undefined);
  const target = chosen ?? known ?? null;

  function accept() {
    can.accept?.();
    if (target && !hasUnsavedInput()) void navigate({ to: '/clients/$clientId', params: { clientId: String(target) } });
  }
  useShortcut('accept', can.accept ? accept : null);
  useShortcut('decline', can.decline);
  useShortcut(
    'open_card',
    target ? () => void navigate({ to: '/clients/$clientId', params: { clientId: String(target) } }) : null,
  );

  const number = view?.number.display || view?.number.raw || '';
  const name = view?.client_name || (candidates.length === 1 ? candidates[0]?.name : '') || '';
  const title = name || view?.caller_name || number || (view ? t('number.withheld') : t('ring.searching'));

  return (
    <article
      className={css.ring}
      aria-label={t('ring.from', { name: title })}
      data-testid="ring-card"
      data-call-id={call.id}
      data-leg={call.leg}
      onFocus={() => softphone.focused(call.id)}
    >
      <p className="sr-only" role="alert">
        {t('ring.from', { name: title })}
      </p>
      <header className={css.ringHead}>
        <Badge plain tone="good" icon={PhoneIncoming}>
          {t('ring.title')}
        </Badge>
        {view?.line && <LineTag name={view.line.name} color={view.line.color} />}
        {view?.transfer && (
          <span className="whisper" data-testid="ring-transfer">
            {t(view.transfer.returned ? 'ring.returned' : 'ring.transferred', { name: view.transfer.name })}
            {view.transfer.note && `: ${view.transfer.note}`}
          </span>
        )}
        {view && view.path.length > 0 && (
          <span className="whisper truncate" data-testid="ring-path">
            {view.path
              .map((visit) => visit.name ?? '')
              .filter((name) => name !== view.line?.name)
              .join(' → ')}
          </span>
        )}
        <span className="grow" />
        <time className="num soft">{clockText(secondsBetween(call.offeredAt ?? view?.ringing_at, now))}</time>
      </header>

      <div className={css.ringWho}>
        <Avatar name={name || '?'} size={44} />
        <div className="grow">
          <h2 data-testid="ring-name">{title}</h2>
          {title !== number && number && (
            <p className="num soft" data-testid="ring-number">
              {number}
            </p>
          )}
        </div>
      </div>

      {candidates.length > 1 && !view?.client_id ? (
        <>
          <Picker candidates={candidates} chosen={target} onChoose={setChosen} />
          {view?.lead_id && chosen && (
            <LinkChosen call={call} candidate={candidates.find((each) => each.client_id === chosen)} />
          )}
        </>
      ) : (
        view && (
          <Knowledge view={view} candidate={candidates.find((each) => each.client_id === known) ?? candidates[0]} />
        )
      )}

      <div className={css.ringButtons}>
        <Button
          size="md"
          color="#1d8446"
          disabled={!can.accept || call.pending === 'accept'}
          onClick={accept}
          leftSection={<Phone size={17} aria-hidden />}
          data-testid="accept"
        >
          {call.pending === 'accept' || call.leg === 'answering' ? t('ring.accepting') : t('ring.accept')}
        </Button>
        <Button
          size="md"
          color="#cf3434"
          disabled={!can.decline}
          onClick={() => can.decline?.()}
          leftSection={<PhoneOff size={17} aria-hidden />}
          data-testid="decline"
        >
          {t('ring.decline')}
        </Button>
      </div>
      <footer className={css.ringFoot}>
        {target ? (
          <Link
            to="/clients/$clientId"
            params={{ clientId: String(target) }}
            className={css.link}
            data-testid="open-card"
          >
            <IdCard size={14} aria-hidden /> {t('ring.open')}
          </Link>
        ) : view && candidates.length === 0 ? (
          <>
            {view.lead_id && (
              <Link
                to="/leads/$leadId"
                params={{ leadId: String(view.lead_id) }}
                className={css.link}
                data-testid="ring-link-client"
              >
                <Link2 size={14} aria-hidden /> {t('ring.link_other')}
              </Link>
            )}
            <Link
              to="/clients/new"
              search={{
                lead: view.lead_id ?? undefined,
                number: view.number.e164 || view.number.raw || undefined,
                name: view.caller_name || undefined,
              }}
              className={css.link}
              data-testid="ring-create-client"
            >
              <UserPlus size={14} aria-hidden /> {t('ring.create')}
            </Link>
          </>
        ) : (
          <span className="whisper">{t('ring.pick')}</span>
        )}
        <span className="grow" />
        {phone.kind === 'desk' ? <span className="whisper">{t('ring.desk')}</span> : <Kbd keys={keysOf('accept')} />}
      </footer>
    </article>
  );
}

function Knowledge(props: { view: CallView; candidate: Candidate | undefined }) {
  const { view, candidate } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const now = useNow(false);
  const responsible = view.responsible_name || candidate?.responsible_name;
  const lastAt = view.last_contact_at ?? candidate?.last_contact_at;
  const lastContact = lastAt ? format.ago(lastAt, now) : t('ring.never');
  if (!candidate && !view.client_id) {
    return <p className={css.unknown}>{t('ring.unknown')}</p>;
  }
  return (
    <dl className={css.facts}>
      <dt>{t('ring.responsible')}</dt>
      <dd data-testid="ring-responsible">{responsible || t('value.nobody')}</dd>
      <dt>{t('ring.last_contact')}</dt>
      <dd data-testid="ring-last-contact">{lastContact}</dd>
      <dt>{t('ring.open_leads')}</dt>
      <dd className="num" data-testid="ring-open-leads">
        {view.open_leads}
      </dd>
      {candidate && (
        <>
          <dt>{t('ring.reason')}</dt>
          <dd data-testid="ring-reason">{code('match', candidate.reason)}</dd>
        </>
      )}
    </dl>
  );
}

/** Says once and for all which of them it is; the lead and the call are his from then on. */
function LinkChosen(props: { call: LiveCall; candidate: Candidate | undefined }) {
  const t = useT();
  const can = useCan();
  const toast = useToast();
  const report = useReport();
  const { softphone } = useTelephone();
  const lead = props.call.view?.lead_id ?? 0;
  const renew = () => void softphone.renew(props.call.id);
  const undo = useMutation({ mutationFn: () => unlinkLead(lead), onSuccess: renew, onError: report });
  const link = useMutation({
    mutationFn: (clientId: number) => linkLead(lead, clientId),
    onSuccess: (linked) => {
      renew();
      const joined = linked.closing === 'duplicate';
      toast.done(t('ring.linked', { name: linked.client_name ?? '' }), joined ? undefined : () => undo.mutate());
    },
    onError: report,
  });
  const { candidate } = props;
  if (!candidate || !can('leads.work')) return null;
  return (
    <Button
      variant="default"
      size="compact-sm"
      fullWidth
      leftSection={<Link2 size={14} aria-hidden />}
      loading={link.isPending}
      onClick={() => link.mutate(candidate.client_id)}
      data-testid="ring-link"
    >
      {t('ring.link', { name: candidate.name })}
    </Button>
  );
}

/** Several clients fit: all are shown with the reason, none is guessed. */
function Picker(props: { candidates: Candidate[]; chosen: number | null; onChoose(id: number): void }) {
  const t = useT();
  const code = useCode();
  return (
    <div className={css.picker} role="radiogroup" aria-label={t('ring.candidates')}>
      {props.candidates.map((each) => (
        <label
          key={each.client_id}
          className={css.candidate}
          data-testid="ring-candidate"
          data-client-id={each.client_id}
        >
          <input
            type="radio"
            name="candidate"
            checked={props.chosen === each.client_id}
            onChange={() => props.onChoose(each.client_id)}
          />
          <span className="grow">
            <span className="strong truncate">{each.name}</span>
            <span className="whisper truncate">
              {code('match', each.reason)}
              {each.responsible_name ? ` · ${each.responsible_name}` : ''}
            </span>
          </span>
          <span className="num soft" title={t('ring.score')}>
            {each.score}
          </span>
        </label>
      ))}
    </div>
  );
}
