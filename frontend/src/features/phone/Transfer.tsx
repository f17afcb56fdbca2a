import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ArrowRightLeft, MessagesSquare, PhoneForwarded, Undo2, Users } from 'lucide-react';
import { useMemo, useState } from 'react';
import { callCommands, presenceQuery } from '@/api/calls';
import { queuesNowQuery, queuesQuery } from '@/api/queues';
import { useMe, useReport } from '@/api/react';
import type { CallView } from '@/api/types';
import { usePhoneState } from '@/call/context';
import { useT } from '@/lib/i18n';
import { keysOf, useShortcut } from '@/lib/shortcuts';
import { Avatar, Kbd } from '@/ui/kit';
import css from './phone.module.css';

interface Target {
  kind: 'user' | 'queue';
  id: number;
  name: string;
  note: string;
  reachable: boolean;
}

/** Gives the client to a colleague or a queue: Enter sends him at once, Ctrl+Enter asks the colleague first. */
export function TransferButton(props: { call: CallView; disabled: boolean }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  useShortcut('transfer', props.disabled ? null : () => setOpen(true));
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={340} trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          size={32}
          variant="default"
          disabled={props.disabled}
          onClick={() => setOpen((was) => !was)}
          aria-label={t('transfer.title')}
          title={`${t('transfer.title')} · ${keysOf('transfer')}`}
          data-testid="transfer"
        >
          <PhoneForwarded size={16} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Targets call={props.call} onDone={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

function useTargets(): Target[] {
  const t = useT();
  const me = useMe();
  const people = useQuery(presenceQuery).data;
  const queues = useQuery(queuesQuery).data;
  const now = useQuery(queuesNowQuery).data;
  return useMemo(() => {
    const users = (people ?? [])
      .filter((each) => each.user_id !== me.user.id)
      .map((each) => ({
        kind: 'user' as const,
        id: each.user_id,
        name: each.name,
        note: t(`desk.${each.state}`),
        reachable: each.state === 'available',
      }))
      .sort((a, b) => Number(b.reachable) - Number(a.reachable) || a.name.localeCompare(b.name));
    const places = (queues ?? [])
      .filter((each) => each.active)
      .map((each) => ({
        kind: 'queue' as const,
        id: each.id,
        name: each.name,
        note: t('queue.free_count', { count: now?.find((state) => state.queue_id === each.id)?.free ?? 0 }),
        reachable: true,
      }));
    return [...users.filter((each) => each.reachable), ...places, ...users.filter((each) => !each.reachable)];
  }, [people, queues, now, me.user.id, t]);
}

function Targets(props: { call: CallView; onDone(): void }) {
  const t = useT();
  const report = useReport();
  const targets = useTargets();
  const [words, setWords] = useState('');
  const [note, setNote] = useState('');
  const [at, setAt] = useState(0);
  const wanted = words.trim().toLocaleLowerCase();
  const shown = targets.filter((each) => each.name.toLocaleLowerCase().includes(wanted)).slice(0, 8);
  const chosen = shown[Math.min(at, shown.length - 1)];
  const run = (what: Promise<unknown>) => void what.then(props.onDone).catch(report);
  const send = (to: Target) =>
    run(callCommands.transfer(props.call.id, { kind: to.kind, id: to.id, ...(note ? { note } : {}) }));
  const ask = (to: Target) => run(callCommands.consult(props.call.id, { user_id: to.id, ...(note ? { note } : {}) }));
  return (
    <form
      className="stack"
      style={{ gap: 8 }}
      aria-label={t('transfer.title')}
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen) send(chosen);
      }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
          event.preventDefault();
          const by = event.key === 'ArrowDown' ? 1 : -1;
          setAt(Math.max(0, Math.min(shown.length - 1, at + by)));
        }
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && chosen?.kind === 'user') {
          event.preventDefault();
          ask(chosen);
        }
      }}
    >
      <TextInput
        data-autofocus
        aria-label={t('transfer.search')}
        placeholder={t('transfer.search')}
        value={words}
        onChange={(event) => {
          setWords(event.currentTarget.value);
          setAt(0);
        }}
        data-testid="transfer-search"
      />
      <ul className={css.targets} aria-label={t('transfer.title')}>
        {shown.map((each, place) => (
          <li
            key={`${each.kind}${each.id}`}
            data-active={each === chosen || undefined}
            onMouseEnter={() => setAt(place)}
          >
            <button type="button" onClick={() => send(each)} data-testid="transfer-target" data-name={each.name}>
              {each.kind === 'user' ? <Avatar name={each.name} size={20} /> : <Users size={16} aria-hidden />}
              <span className="grow truncate">{each.name}</span>
              <span className="whisper">{each.note}</span>
            </button>
            {each.kind === 'user' && (
              <ActionIcon
                variant="subtle"
                color="gray"
                disabled={!each.reachable}
                aria-label={t('transfer.ask', { name: each.name })}
                title={t('transfer.ask', { name: each.name })}
                onClick={() => ask(each)}
                data-testid="transfer-ask"
              >
                <MessagesSquare size={15} />
              </ActionIcon>
            )}
          </li>
        ))}
        {shown.length === 0 && <li className="whisper">{t('transfer.nobody')}</li>}
      </ul>
      <TextInput
        aria-label={t('transfer.note')}
        placeholder={t('transfer.note')}
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        data-testid="transfer-note"
      />
      <p className="whisper">
        <Kbd keys="Enter" /> {t('transfer.blind')} · <Kbd keys="Ctrl+Enter" /> {t('transfer.attended')}
      </p>
    </form>
  );
}

/** Below the bar, as long as a colleague is asked or in a conversation. */
export function Consultations() {
  const { calls } = usePhoneState();
  return calls.map((call) => call.view && <Consultation key={call.id} call={call.view} />);
}

/** A colleague is asked, or in the conversation: what can be done with him. */
function Consultation(props: { call: CallView }) {
  const t = useT();
  const me = useMe();
  const report = useReport();
  const { call } = props;
  const { third } = call;
  if (!third || third.user_id === me.user.id) return null;
  const run = (what: Promise<unknown>) => void what.catch(report);
  const state = third.joined ? 'joined' : third.up ? 'up' : 'ringing';
  return (
    <div className={css.consultation} data-testid="consultation" data-state={state}>
      <span className="truncate" role="status">
        {t(`transfer.third.${state}`, { name: third.name })}
      </span>
      <Button
        size="xs"
        leftSection={<ArrowRightLeft size={14} aria-hidden />}
        onClick={() => run(callCommands.complete(call.id))}
        data-testid="consult-complete"
      >
        {t('transfer.complete')}
      </Button>
      {third.up && !third.joined && (
        <Button
          size="xs"
          variant="default"
          leftSection={<Users size={14} aria-hidden />}
          onClick={() => run(callCommands.conference(call.id))}
          data-testid="consult-conference"
        >
          {t('transfer.conference')}
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        leftSection={<Undo2 size={14} aria-hidden />}
        onClick={() => run(callCommands.endConsult(call.id))}
        data-testid="consult-end"
      >
        {t('transfer.back')}
      </Button>
    </div>
  );
}
