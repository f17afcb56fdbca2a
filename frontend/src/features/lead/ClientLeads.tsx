import { ActionIcon, Button, Popover, Textarea } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CheckCheck, Phone, Plus } from 'lucide-react';
import { useState } from 'react';
import { createLead, leadKeys, leadsQuery } from '@/api/leads';
import { useCan, useMe, useReport } from '@/api/react';
import type { Client } from '@/api/types';
import { usePhoneState } from '@/call/context';
import { useNow } from '@/lib/clock';
import { useDraft } from '@/lib/draft';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Section } from '@/ui/kit';
import { useLeadActions } from './actions';
import { ClassBadge, LeadClock } from './looks';
import css from './lead.module.css';

const shownClosed = 5;

/** The client's leads on the card: the open ones with their work, the closed in brief. */
export function ClientLeads(props: { client: Client }) {
  const { client } = props;
  const t = useT();
  const code = useCode();
  const can = useCan();
  const format = useFormat();
  const { firm } = useMe();
  const now = useNow(false);
  const phone = usePhoneState();
  const actions = useLeadActions();
  const rows =
    useInfiniteQuery(leadsQuery({ client_id: client.id })).data?.pages.flatMap((page) => page.items ?? []) ?? [];
  const open = rows.filter((lead) => !lead.closing);
  const closed = rows.filter((lead) => lead.closing);
  return (
    <Section title={t('nav.leads')} testId="client-leads" actions={can('leads.work') && <NewLead client={client} />}>
      {rows.length === 0 && <p className="soft">{t('lead.none_of_client')}</p>}
      <ul className={css.cards}>
        {open.map((lead) => (
          <li key={lead.id} className={css.leadCard} data-testid="client-lead" data-lead-id={lead.id}>
            <div className="row">
              <ClassBadge leadClass={lead.class} />
              <span className="grow" />
              <LeadClock lead={lead} warnS={firm.lead_warn_seconds} breachS={firm.lead_breach_seconds} />
            </div>
            <Link to="/leads/$leadId" params={{ leadId: String(lead.id) }} className={css.rowLink}>
              {lead.note || lead.line?.name || t('lead.number', { id: lead.id })}
            </Link>
            <div className="row">
              <span className="whisper grow truncate">
                {format.when(lead.opened_at, now)}
                {Number(lead.value) > 0 ? ` · ${format.money(lead.value, lead.currency || firm.currency)}` : ''}
              </span>
              {can('calls.use') && lead.number !== '' && (
                <Button
                  size="compact-xs"
                  variant="light"
                  leftSection={<Phone size={12} aria-hidden />}
                  disabled={phone.calls.length > 0}
                  onClick={() => void actions.callBack(lead)}
                  data-testid="call-back"
                  data-lead-id={lead.id}
                >
                  {t('lead.call_back')}
                </Button>
              )}
            </div>
          </li>
        ))}
      </ul>
      <ul className={css.closedList}>
        {closed.slice(0, shownClosed).map((lead) => (
          <li key={lead.id}>
            <Badge plain icon={CheckCheck}>
              {code('closing', lead.closing ?? '')}
            </Badge>
            <span className="grow" />
            <Link to="/leads/$leadId" params={{ leadId: String(lead.id) }} className={css.link}>
              {t('lead.number', { id: lead.id })}
            </Link>
            <span className="whisper">{lead.closed_at ? format.ago(lead.closed_at, now) : ''}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function NewLead(props: { client: Client }) {
  const t = useT();
  const report = useReport();
  const cache = useQueryClient();
  const [open, setOpen] = useState(false);
  const draft = useDraft(`client.${props.client.id}.lead`, '');
  const save = useMutation({
    mutationFn: () => createLead({ client_id: props.client.id, note: draft.value.trim(), source: 'manual' }),
    onSuccess: () => {
      draft.clear();
      setOpen(false);
      void cache.invalidateQueries({ queryKey: leadKeys.all });
    },
    onError: report,
  });
  return (
    <Popover opened={open} onChange={setOpen} width={300} position="bottom-end" trapFocus>
      <Popover.Target>
        <ActionIcon
          aria-label={t('lead.new')}
          title={t('lead.new')}
          onClick={() => setOpen(!open)}
          data-testid="new-lead"
        >
          <Plus size={15} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="stack"
          style={{ gap: 8 }}
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Textarea
            label={t('lead.new.note')}
            value={draft.value}
            onChange={(event) => draft.set(event.currentTarget.value)}
            data-testid="new-lead-note"
          />
          <Button type="submit" disabled={!draft.value.trim()} loading={save.isPending} data-testid="new-lead-save">
            {t('lead.new')}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
