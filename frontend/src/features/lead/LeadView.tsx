import { Button, Popover, Skeleton, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CalendarClock, CheckCheck, IdCard, LifeBuoy, RotateCcw, Unlink, UserPlus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { presenceQuery, traceQuery } from '@/api/calls';
import { leadKeys, leadQuery, noteLead } from '@/api/leads';
import { useCan, useErrorText, useMe, useReport } from '@/api/react';
import type { LeadDetail, LeadEntry } from '@/api/types';
import { usePhoneState } from '@/call/context';
import { useNow } from '@/lib/clock';
import { useDraft } from '@/lib/draft';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Failed, LineTag, PhoneNumber, Section } from '@/ui/kit';
import { useLeadActions } from './actions';
import { AssignMenu } from './BoardRows';
import { CallBack, callable } from './CallBack';
import { CloseForm, NextStepForm } from './CloseForm';
import { LinkClient } from './LinkClient';
import { ClassBadge, LeadClock, leadName } from './looks';
import css from './lead.module.css';

/** One lead: what it is worth, what happened to it, and why. */
export function LeadView(props: { leadId: number; recording(callId: number): ReactNode; why?: ReactNode }) {
  const errorText = useErrorText();
  const query = useQuery(leadQuery(props.leadId));
  if (query.isError && !query.data) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <div className={css.view}>
        <Skeleton height={20} width="60%" mb={12} />
        <Skeleton height={12} width="40%" mb={24} />
        <Skeleton height={80} />
      </div>
    );
  }
  return <View lead={query.data} recording={props.recording} why={props.why} />;
}

function View(props: { lead: LeadDetail; recording(callId: number): ReactNode; why?: ReactNode }) {
  const { lead } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const { firm } = useMe();
  const now = useNow(false);
  const entries = lead.entries ?? [];
  const calls = [...new Set(entries.map((entry) => entry.call_id).filter((id): id is number => Boolean(id)))];
  return (
    <div
      className={css.view}
      data-testid="lead-view"
      data-lead-id={lead.id}
      data-state={lead.state}
      data-class={lead.class}
    >
      <header className={css.viewHead}>
        <h1>{leadName(lead) || t('lead.unknown')}</h1>
        <div className="row" style={{ flexWrap: 'wrap' }}>
          {(lead.number !== '' || lead.source === 'call') && (
            <PhoneNumber
              number={lead.number}
              text={lead.number_display}
              clientId={lead.client_id}
              leadId={lead.id}
              strong
            />
          )}
          {lead.line && <LineTag name={lead.line.name} color={lead.line.color} />}
        </div>
        <div className="row" style={{ flexWrap: 'wrap' }}>
          {lead.closing ? (
            <Badge tone="good" icon={CheckCheck} testId="lead-closing" state={lead.closing}>
              {code('closing', lead.closing)}
            </Badge>
          ) : (
            <ClassBadge leadClass={lead.class} />
          )}
          {lead.recovered && (
            <Badge tone="accent" icon={LifeBuoy}>
              {t('lead.recovered')}
            </Badge>
          )}
          <LeadClock lead={lead} warnS={firm.lead_warn_seconds} breachS={firm.lead_breach_seconds} />
        </div>
      </header>
      <Actions lead={lead} />
      {props.why}
      <dl className={css.facts}>
        <dt>{t('lead.opened')}</dt>
        <dd>{format.when(lead.opened_at, now)}</dd>
        <dt>{t('board.col.responsible')}</dt>
        <dd>{lead.responsible_name || t('value.nobody')}</dd>
        <dt>{t('board.col.value')}</dt>
        <dd className="num">
          {Number(lead.value) > 0 ? format.money(lead.value, lead.currency || firm.currency) : t('value.none')}
        </dd>
        <dt>{t('lead.source')}</dt>
        <dd>{code('lead.source', lead.source)}</dd>
        <dt>{t('lead.counts')}</dt>
        <dd className="num">
          {t('lead.contacts', { n: lead.contacts })} · {t('lead.attempts', { n: lead.attempts })}
        </dd>
        {lead.next_step_at && (
          <>
            <dt>{t('lead.next_step')}</dt>
            <dd>
              {format.when(lead.next_step_at, now)}
              {lead.next_step_note ? ` · ${lead.next_step_note}` : ''}
            </dd>
          </>
        )}
        {lead.closing && (
          <>
            <dt>{t('lead.closed')}</dt>
            <dd>
              {lead.closed_at ? format.when(lead.closed_at, now) : ''}
              {lead.closed_by_name ? ` · ${lead.closed_by_name}` : ''}
              {lead.closing_reason ? ` · ${lead.closing_reason}` : ''}
            </dd>
          </>
        )}
      </dl>
      <Note lead={lead} />
      <Section title={t('lead.journal')} testId="lead-journal">
        <ol className={css.journal}>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      </Section>
      {calls.map((id) => (
        <CallDetails key={id} callId={id} recording={props.recording} />
      ))}
    </div>
  );
}

function Actions(props: { lead: LeadDetail }) {
  const { lead } = props;
  const t = useT();
  const can = useCan();
  const actions = useLeadActions();
  const phone = usePhoneState();
  const free = (useQuery(presenceQuery).data ?? []).filter((each) => each.state === 'available');
  const [panel, setPanel] = useState<'close' | 'step' | 'assign' | null>(null);
  const closed = Boolean(lead.closing);
  return (
    <div className="row" style={{ flexWrap: 'wrap' }}>
      {can('calls.use') && callable(lead) && !closed && (
        <CallBack lead={lead} actions={actions} disabled={phone.calls.length > 0} />
      )}
      {closed ? (
        <Button
          variant="default"
          leftSection={<RotateCcw size={14} aria-hidden />}
          onClick={() => actions.reopen.mutate(lead.id)}
          loading={actions.reopen.isPending}
          data-testid="reopen-lead"
        >
          {t('lead.reopen')}
        </Button>
      ) : (
        <>
          <Popover opened={panel === 'step'} onChange={(open) => setPanel(open ? 'step' : null)} width={320} trapFocus>
            <Popover.Target>
              <Button
                variant="default"
                leftSection={<CalendarClock size={14} aria-hidden />}
                onClick={() => setPanel(panel === 'step' ? null : 'step')}
                data-testid="next-step"
              >
                {t('lead.plan_step')}
              </Button>
            </Popover.Target>
            <Popover.Dropdown>
              <NextStepForm lead={lead} actions={actions} onDone={() => setPanel(null)} />
            </Popover.Dropdown>
          </Popover>
          <Popover
            opened={panel === 'close'}
            onChange={(open) => setPanel(open ? 'close' : null)}
            width={320}
            trapFocus
          >
            <Popover.Target>
              <Button
                variant="default"
                leftSection={<CheckCheck size={14} aria-hidden />}
                onClick={() => setPanel(panel === 'close' ? null : 'close')}
                data-testid="close-lead"
              >
                {t('lead.close')}
              </Button>
            </Popover.Target>
            <Popover.Dropdown>
              <CloseForm lead={lead} actions={actions} onDone={() => setPanel(null)} />
            </Popover.Dropdown>
          </Popover>
          {can('leads.assign') && (
            <AssignMenu
              lead={lead}
              actions={actions}
              free={free}
              opened={panel === 'assign'}
              onChange={(open) => setPanel(open ? 'assign' : null)}
            />
          )}
        </>
      )}
      <span className="grow" />
      {lead.client_id ? (
        <>
          <Link
            to="/clients/$clientId"
            params={{ clientId: String(lead.client_id) }}
            className={css.link}
            data-testid="lead-open-card"
          >
            <IdCard size={14} aria-hidden /> {t('ring.open')}
          </Link>
          {can('leads.work') && lead.closing !== 'duplicate' && (
            <Button
              variant="subtle"
              size="compact-sm"
              color="gray"
              leftSection={<Unlink size={14} aria-hidden />}
              onClick={() =>
                actions.unlink.mutate({
                  leadId: lead.id,
                  clientId: lead.client_id ?? 0,
                  name: lead.client_name || t('lead.unknown'),
                })
              }
              data-testid="lead-unlink"
            >
              {t('lead.unlink')}
            </Button>
          )}
        </>
      ) : (
        <>
          {can('leads.work') && <LinkClient lead={lead} actions={actions} />}
          <Link
            to="/clients/new"
            search={{ lead: lead.id, number: lead.number || undefined, name: lead.caller_name || undefined }}
            className={css.link}
            data-testid="lead-create-client"
          >
            <UserPlus size={14} aria-hidden /> {t('ring.create')}
          </Link>
        </>
      )}
    </div>
  );
}

function Note(props: { lead: LeadDetail }) {
  const { lead } = props;
  const t = useT();
  const report = useReport();
  const cache = useQueryClient();
  const draft = useDraft<string>(`lead.${lead.id}.note`, lead.note);
  const save = useMutation({
    mutationFn: () => noteLead(lead.id, draft.value.trim()),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: leadKeys.all });
      draft.clear();
    },
    onError: report,
  });
  return (
    <div className="stack" style={{ gap: 6 }}>
      <Textarea
        label={t('lead.note')}
        value={draft.value}
        onChange={(event) => draft.set(event.currentTarget.value)}
        data-testid="lead-note"
      />
      {draft.dirty && (
        <div className="row">
          <Button size="compact-sm" loading={save.isPending} onClick={() => save.mutate()} data-testid="lead-note-save">
            {t('action.save')}
          </Button>
          <Button size="compact-sm" variant="subtle" color="gray" onClick={draft.clear}>
            {t('action.discard')}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Words of a person stay as they are; of facts only the source is worth a word. */
function useDetail(detail: string): string {
  const code = useCode();
  if (!/^[a-z_]+: /u.test(detail)) return detail ? code('outcome', detail) : '';
  const source = /(?:^|, )source: ([a-z]+)/u.exec(detail)?.[1];
  return source ? code('lead.source', source) : '';
}

function Entry(props: { entry: LeadEntry }) {
  const { entry } = props;
  const code = useCode();
  const format = useFormat();
  const now = useNow(false);
  const detail = useDetail(entry.detail);
  return (
    <li data-testid="lead-entry" data-kind={entry.kind}>
      <time className="whisper" title={format.exact(entry.at)}>
        {format.when(entry.at, now)}
      </time>
      <span className="grow">
        {code('lead.entry', entry.kind)}
        {entry.closing ? ` · ${code('closing', entry.closing)}` : ''}
        {detail ? <span className="soft"> · {detail}</span> : null}
        {entry.user_name ? <span className="whisper"> · {entry.user_name}</span> : null}
      </span>
    </li>
  );
}

/** A call of this lead: who could have taken it, and what was said. */
function CallDetails(props: { callId: number; recording(callId: number): ReactNode }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  return (
    <Section
      title={t('lead.call', { id: props.callId })}
      actions={
        <Button
          size="compact-xs"
          variant="subtle"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          data-testid="lead-call-details"
          data-call-id={props.callId}
        >
          {open ? t('action.hide') : t('lead.call_details')}
        </Button>
      }
    >
      {open && (
        <div className="stack" style={{ paddingBottom: 12 }}>
          {props.recording(props.callId)}
          <Trace callId={props.callId} />
        </div>
      )}
    </Section>
  );
}

function Trace(props: { callId: number }) {
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const errorText = useErrorText();
  const query = useQuery(traceQuery(props.callId));
  if (query.isError) return <p className="soft">{errorText(query.error)}</p>;
  if (query.isPending) return <Skeleton height={60} />;
  if (query.data.length === 0) return <p className="soft">{t('trace.none')}</p>;
  return (
    <ol className={css.trace} data-testid="routing-trace">
      {query.data.map((step, index) => (
        <li key={index} data-testid="trace-step" data-verdict={step.verdict}>
          <p>
            <time className="whisper">{format.exact(step.at)}</time> {code('trace', step.verdict)}
          </p>
          {step.queue_id && (
            <p className="whisper">
              {t('trace.queue', {
                queue: step.queue_name,
                version: step.queue_version ?? 0,
                ahead: step.staffing.ahead,
                ready: step.staffing.ready,
                in: step.staffing.in,
              })}
            </p>
          )}
          <table>
            <caption className="sr-only">{t('trace.considered')}</caption>
            <tbody>
              {(step.considered ?? []).map((each) => (
                <tr key={each.user_id} data-chosen={each.user_id === step.chosen_user_id || undefined}>
                  <td className="num whisper">{each.rank > 0 ? each.rank : ''}</td>
                  <td>{each.name}</td>
                  <td className="soft">{code('trace.reason', each.reason)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </li>
      ))}
    </ol>
  );
}
