import { Button, Menu, Progress } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { UserPlus, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { assignLead, leadKeys } from '@/api/leads';
import { useErrorText } from '@/api/react';
import { usersQuery } from '@/api/session';
import type { FreeAgent, Lead } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';
import { Avatar } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './lead.module.css';

interface Job {
  done: number;
  total: number;
}

/** So many requests run at once: quick, and nobody else has to wait for them. */
const atOnce = 4;

interface Outcome {
  done: Lead[];
  error: unknown;
}

/** Gives many leads to one person: what went through, and why the first that did not failed. */
async function run(
  leads: Lead[],
  give: (lead: Lead) => Promise<unknown>,
  step: (done: number) => void,
  stopped: () => boolean,
): Promise<Outcome> {
  const outcome: Outcome = { done: [], error: null };
  const queue = [...leads];
  let through = 0;
  const worker = async () => {
    for (let lead = queue.shift(); lead && !stopped(); lead = queue.shift()) {
      try {
        await give(lead);
        outcome.done.push(lead);
      } catch (error) {
        outcome.error ??= error;
      }
      step(++through);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcome;
}

/** What stands above the rows while some are chosen. */
export function BulkAssign(props: {
  chosen: Lead[];
  free: FreeAgent[];
  opened: boolean;
  onOpen(open: boolean): void;
  onClear(): void;
}) {
  const t = useT();
  const code = useCode();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const users = useQuery(usersQuery).data ?? [];
  const [job, setJob] = useState<Job | null>(null);
  const cancelled = useRef(false);
  const freeIds = new Set(props.free.map((each) => each.user_id));
  const others = users.filter((user) => user.active && !freeIds.has(user.id));

  async function work(leads: Lead[], to: (lead: Lead) => number | null): Promise<Outcome> {
    cancelled.current = false;
    setJob({ done: 0, total: leads.length });
    const outcome = await run(
      leads,
      (lead) => assignLead(lead.id, to(lead)),
      (done) => setJob({ done, total: leads.length }),
      () => cancelled.current,
    );
    setJob(null);
    if (outcome.error) toast.failed(errorText(outcome.error));
    void cache.invalidateQueries({ queryKey: leadKeys.all });
    return outcome;
  }
  async function assign(userId: number, name: string) {
    const { done } = await work(props.chosen, () => userId);
    props.onClear();
    if (done.length > 0) {
      toast.done(t('bulk.assigned', { n: done.length, name }), () => {
        void work(done, (lead) => lead.responsible_id ?? null);
      });
    }
  }
  const item = (id: number, name: string, note: string) => (
    <Menu.Item
      key={id}
      leftSection={<Avatar name={name} size={20} />}
      rightSection={<span className="whisper">{note}</span>}
      onClick={() => void assign(id, name)}
      data-testid="bulk-assign-user"
      data-user-id={id}
    >
      {name}
    </Menu.Item>
  );

  if (job) {
    return (
      <div className={css.bulk} role="status" data-testid="bulk-progress">
        <span>{t('bulk.progress', { done: job.done, total: job.total })}</span>
        <Progress className="grow" value={(job.done / job.total) * 100} aria-label={t('bulk.assign')} />
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => (cancelled.current = true)}
          data-testid="bulk-cancel"
        >
          {t('action.cancel')}
        </Button>
      </div>
    );
  }
  if (props.chosen.length === 0) return null;
  return (
    <div className={css.bulk} data-testid="bulk-bar">
      <span role="status">{t('bulk.chosen', { n: props.chosen.length })}</span>
      <Menu opened={props.opened} onChange={props.onOpen} position="bottom-start" width={260}>
        <Menu.Target>
          <Button size="compact-sm" leftSection={<UserPlus size={14} aria-hidden />} data-testid="bulk-assign">
            {t('bulk.assign')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflow: 'auto' }}>
          {props.free.length > 0 && <Menu.Label>{t('board.free')}</Menu.Label>}
          {props.free.map((each) => item(each.user_id, each.name, code('presence', each.state)))}
          {others.length > 0 && <Menu.Label>{t('lead.assign_others')}</Menu.Label>}
          {others.map((user) => item(user.id, user.name, ''))}
        </Menu.Dropdown>
      </Menu>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        leftSection={<X size={14} aria-hidden />}
        onClick={props.onClear}
        data-testid="bulk-clear"
      >
        {t('bulk.clear')}
      </Button>
    </div>
  );
}
