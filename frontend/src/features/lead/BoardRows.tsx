import { ActionIcon, Checkbox, Menu, Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { CalendarClock, CheckCheck, Lock, UserPlus } from 'lucide-react';
import { useRef, useState } from 'react';
import { useCan, useMe } from '@/api/react';
import { usersQuery } from '@/api/session';
import type { FreeAgent, Lead } from '@/api/types';
import { usePhoneState } from '@/call/context';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { keysOf, useShortcut } from '@/lib/shortcuts';
import { Avatar, Badge, Kbd, LineTag, PhoneNumber } from '@/ui/kit';
import { useLeadActions, type LeadActions } from './actions';
import { BulkAssign } from './BulkAssign';
import { CallBack, callable } from './CallBack';
import { CloseForm, NextStepForm } from './CloseForm';
import { ClassBadge, LeadClock, leadName } from './looks';
import css from './lead.module.css';

type Panel = 'close' | 'step' | 'assign';

/** The open leads, the worst on top, worked by one key each. */
export function BoardRows(props: { rows: Lead[]; free: FreeAgent[]; onOpen(id: number): void }) {
  const { rows } = props;
  const t = useT();
  const can = useCan();
  const actions = useLeadActions();
  const phone = usePhoneState();
  const [currentId, setCurrentId] = useState<number | null>(null);
  const [panel, setPanel] = useState<{ id: number; what: Panel } | null>(null);
  const index = Math.max(
    0,
    rows.findIndex((lead) => lead.id === currentId),
  );
  const current = rows[index];
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => 44,
    overscan: 10,
    getItemKey: (at) => rows[at]?.id ?? at,
    initialRect: { width: 1000, height: 700 },
  });
  const move = (step: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, (currentId === null ? -1 : index) + step));
    setCurrentId(rows[to]?.id ?? null);
    virtual.scrollToIndex(to, { align: 'auto' });
  };
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [bulkOpen, setBulkOpen] = useState(false);
  const anchor = useRef<number | null>(null);
  const picked = rows.filter((lead) => chosen.has(lead.id));
  const toggle = (id: number, range: boolean) => {
    const next = new Set(chosen);
    const on = !next.has(id);
    const from = range && anchor.current !== null ? rows.findIndex((lead) => lead.id === anchor.current) : -1;
    const to = rows.findIndex((lead) => lead.id === id);
    const span = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    for (const lead of rows.slice(span[0], (span[1] ?? 0) + 1)) {
      if (on) next.add(lead.id);
      else next.delete(lead.id);
    }
    anchor.current = id;
    setChosen(next);
  };
  const many = can('leads.assign');
  const closed = panel === null && !bulkOpen;
  const idle = phone.calls.length === 0;
  useShortcut('row_down', closed ? () => move(1) : null);
  useShortcut('row_up', closed ? () => move(-1) : null);
  useShortcut('row_open', closed && currentId !== null && current ? () => props.onOpen(current.id) : null);
  useShortcut('row_call', closed && current && idle && can('calls.use') ? () => void actions.callBack(current) : null);
  const openPanel = (what: Panel) => (closed && current ? () => setPanel({ id: current.id, what }) : null);
  const openAssign = picked.length > 0 && closed ? () => setBulkOpen(true) : openPanel('assign');
  useShortcut('row_assign', many ? openAssign : null);
  useShortcut('row_pick', many && closed && current ? () => toggle(current.id, false) : null);
  useShortcut('row_close', openPanel('close'));
  useShortcut('row_next', openPanel('step'));

  return (
    <>
      {many && (
        <BulkAssign
          chosen={picked}
          free={props.free}
          opened={bulkOpen}
          onOpen={setBulkOpen}
          onClear={() => setChosen(new Set())}
        />
      )}
      <div
        className={css.tableWrap}
        data-many={many || undefined}
        role="table"
        aria-label={t('nav.board')}
        aria-rowcount={rows.length}
      >
        <div role="rowgroup">
          <div className={css.head} role="row">
            {many && (
              <span role="columnheader">
                <Checkbox
                  size="xs"
                  aria-label={t('bulk.all')}
                  checked={picked.length > 0 && picked.length === rows.length}
                  indeterminate={picked.length > 0 && picked.length < rows.length}
                  onChange={() => setChosen(picked.length > 0 ? new Set() : new Set(rows.map((lead) => lead.id)))}
                  data-testid="bulk-all"
                />
              </span>
            )}
            <span role="columnheader">{t('board.col.clock')}</span>
            <span role="columnheader">{t('board.col.who')}</span>
            <span role="columnheader">{t('board.col.class')}</span>
            <span role="columnheader">{t('board.col.line')}</span>
            <span role="columnheader">{t('board.col.value')}</span>
            <span role="columnheader">{t('board.col.responsible')}</span>
            <span role="columnheader">
              <span className="sr-only">{t('board.col.actions')}</span>
            </span>
          </div>
        </div>
        <div
          ref={box}
          className={css.rows}
          role="rowgroup"
          tabIndex={0}
          data-testid="board-rows"
          onKeyDown={(event) => {
            if (event.target !== box.current) return;
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step === undefined) return;
            event.preventDefault();
            move(step);
          }}
        >
          <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
            {virtual.getVirtualItems().map((item) => {
              const lead = rows[item.index];
              if (!lead) return null;
              return (
                <Row
                  key={lead.id}
                  lead={lead}
                  top={item.start}
                  index={item.index}
                  current={lead.id === currentId}
                  actions={actions}
                  free={props.free}
                  panel={panel?.id === lead.id ? panel.what : null}
                  onPanel={(what) => setPanel(what ? { id: lead.id, what } : null)}
                  onFocus={() => setCurrentId(lead.id)}
                  onOpen={() => props.onOpen(lead.id)}
                  idle={idle}
                  picked={many ? chosen.has(lead.id) : null}
                  onPick={(range) => toggle(lead.id, range)}
                />
              );
            })}
          </div>
        </div>
        <footer className={css.keys} aria-hidden>
          {(
            ['row_down', 'row_up', 'row_open', 'row_call', 'row_pick', 'row_assign', 'row_close', 'row_next'] as const
          ).map((id) => (
            <span key={id} className="row" style={{ gap: 5 }}>
              <Kbd keys={keysOf(id)} /> {t(`shortcut.${id}`)}
            </span>
          ))}
        </footer>
      </div>
    </>
  );
}

interface RowProps {
  lead: Lead;
  top: number;
  index: number;
  current: boolean;
  actions: LeadActions;
  free: FreeAgent[];
  panel: Panel | null;
  onPanel(what: Panel | null): void;
  onFocus(): void;
  onOpen(): void;
  idle: boolean;
  /** Null where nothing can be chosen. */
  picked: boolean | null;
  onPick(range: boolean): void;
}

function Row(props: RowProps) {
  const { lead } = props;
  const t = useT();
  const format = useFormat();
  const { firm } = useMe();
  const name = leadName(lead);
  return (
    <div
      role="row"
      aria-rowindex={props.index + 1}
      className={css.row}
      style={{ transform: `translateY(${props.top}px)` }}
      data-current={props.current || undefined}
      data-picked={props.picked || undefined}
      data-testid="lead-row"
      data-lead-id={lead.id}
      data-class={lead.class}
      onClick={props.onOpen}
      onFocus={props.onFocus}
    >
      {props.picked !== null && (
        <span role="cell" onClick={(event) => event.stopPropagation()}>
          <Checkbox
            size="xs"
            aria-label={t('bulk.choose', { name: name || t('lead.unknown') })}
            checked={props.picked}
            onChange={(event) => props.onPick((event.nativeEvent as MouseEvent).shiftKey)}
            data-testid="bulk-pick"
          />
        </span>
      )}
      <span role="cell">
        <LeadClock lead={lead} warnS={firm.lead_warn_seconds} breachS={firm.lead_breach_seconds} />
      </span>
      <span role="cell" className={css.who}>
        <button
          type="button"
          className={css.open}
          onClick={(event) => {
            event.stopPropagation();
            props.onOpen();
          }}
          data-testid="open-lead"
        >
          {name || t('lead.unknown')}
        </button>
        {lead.number === '' && lead.source === 'manual' ? (
          <span className="soft truncate">{lead.note}</span>
        ) : (
          <PhoneNumber
            number={lead.number}
            text={lead.number_display}
            clientId={lead.client_id}
            leadId={lead.id}
            dialable={lead.number !== ''}
          />
        )}
      </span>
      <span role="cell" className="row">
        <ClassBadge leadClass={lead.class} />
        {lead.contacts > 1 && <span className="whisper num">{t('lead.contacts', { n: lead.contacts })}</span>}
        {lead.attempts > 0 && <span className="whisper num">{t('lead.attempts', { n: lead.attempts })}</span>}
      </span>
      <span role="cell" className="soft truncate">
        {lead.line ? <LineTag name={lead.line.name} color={lead.line.color} /> : t('value.none')}
      </span>
      <span role="cell" className={css.value}>
        {Number(lead.value) > 0 ? format.money(lead.value, lead.currency || firm.currency) : ''}
      </span>
      <span role="cell" className="row soft">
        {lead.responsible_name ? (
          <>
            <Avatar name={lead.responsible_name} size={20} />
            <span className="truncate">{lead.responsible_name}</span>
          </>
        ) : (
          t('value.nobody')
        )}
      </span>
      <span role="cell" className={css.actions} onClick={(event) => event.stopPropagation()}>
        <RowActions {...props} />
      </span>
    </div>
  );
}

function RowActions(props: RowProps) {
  const { lead, actions, panel, onPanel } = props;
  const t = useT();
  const can = useCan();
  const me = useMe();
  const now = useNow();
  const leased = lead.lease && Date.parse(lead.lease.until) > now ? lead.lease : null;
  const byOther = leased !== null && leased.user_id !== me.user.id;
  if (byOther) {
    return (
      <Badge tone="accent" icon={Lock} testId="lead-leased">
        {t('lead.leased_by', { name: leased.user_name })}
      </Badge>
    );
  }
  return (
    <>
      {can('calls.use') && callable(lead) && <CallBack small lead={lead} actions={actions} disabled={!props.idle} />}
      {can('leads.assign') && (
        <AssignMenu
          lead={lead}
          actions={actions}
          free={props.free}
          opened={panel === 'assign'}
          onChange={(open) => onPanel(open ? 'assign' : null)}
        />
      )}
      <Panelled
        icon={<CalendarClock size={15} aria-hidden />}
        label={t('lead.plan_step')}
        opened={panel === 'step'}
        onChange={(open) => onPanel(open ? 'step' : null)}
        testId="next-step"
      >
        <NextStepForm lead={lead} actions={actions} onDone={() => onPanel(null)} />
      </Panelled>
      <Panelled
        icon={<CheckCheck size={15} aria-hidden />}
        label={t('lead.close')}
        opened={panel === 'close'}
        onChange={(open) => onPanel(open ? 'close' : null)}
        testId="close-lead"
      >
        <CloseForm lead={lead} actions={actions} onDone={() => onPanel(null)} />
      </Panelled>
    </>
  );
}

function Panelled(props: {
  icon: React.ReactNode;
  label: string;
  opened: boolean;
  onChange(open: boolean): void;
  testId: string;
  children: React.ReactNode;
}) {
  return (
    <Popover opened={props.opened} onChange={props.onChange} position="bottom-end" width={320} trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          aria-label={props.label}
          title={props.label}
          onClick={() => props.onChange(!props.opened)}
          data-testid={props.testId}
        >
          {props.icon}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>{props.children}</Popover.Dropdown>
    </Popover>
  );
}

/** Who takes it: the free first, the longest idle on top. */
export function AssignMenu(props: {
  lead: Lead;
  actions: LeadActions;
  free: FreeAgent[];
  opened: boolean;
  onChange(open: boolean): void;
}) {
  const t = useT();
  const code = useCode();
  const users = useQuery(usersQuery).data ?? [];
  const freeIds = new Set(props.free.map((each) => each.user_id));
  const others = users.filter((user) => user.active && !freeIds.has(user.id));
  const item = (id: number, name: string, note: string) => (
    <Menu.Item
      key={id}
      leftSection={<Avatar name={name} size={20} />}
      rightSection={<span className="whisper">{note}</span>}
      onClick={() => props.actions.assign.mutate({ lead: props.lead, userId: id, name })}
      data-testid="assign-user"
      data-user-id={id}
    >
      {name}
    </Menu.Item>
  );
  return (
    <Menu opened={props.opened} onChange={props.onChange} position="bottom-end" width={260}>
      <Menu.Target>
        <ActionIcon aria-label={t('lead.assign')} title={t('lead.assign')} data-testid="assign-lead">
          <UserPlus size={15} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
        {props.free.length > 0 && <Menu.Label>{t('board.free')}</Menu.Label>}
        {props.free.map((each) => item(each.user_id, each.name, code('presence', each.state)))}
        {others.length > 0 && <Menu.Label>{t('lead.assign_others')}</Menu.Label>}
        {others.map((user) => item(user.id, user.name, ''))}
      </Menu.Dropdown>
    </Menu>
  );
}
