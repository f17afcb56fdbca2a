import { ActionIcon, Menu } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import {
  CircleCheck,
  CircleMinus,
  CircleSlash,
  Ellipsis,
  Headphones,
  NotebookPen,
  PhoneCall,
  TriangleAlert,
  Users,
  type LucideIcon,
} from 'lucide-react';
import { callKeys, presenceQuery } from '@/api/calls';
import { endWrapUpOf, reasonsQuery, setPresenceOf } from '@/api/desk';
import { queuesQuery } from '@/api/queues';
import { useCan, useErrorText, useReport } from '@/api/react';
import type { Presence, PresenceState } from '@/api/types';
import { useReasonName } from '@/call/reasons';
import { useNow } from '@/lib/clock';
import { clockText, secondsBetween } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Avatar, Badge, Empty, Failed, Page, SkeletonRows, type Tone } from '@/ui/kit';
import table from '@/ui/table.module.css';
import css from './desk.module.css';

const route = getRouteApi('/agents');

const looks: Record<PresenceState, { icon: LucideIcon; tone: Tone }> = {
  available: { icon: CircleCheck, tone: 'good' },
  ringing: { icon: PhoneCall, tone: 'accent' },
  on_call: { icon: Headphones, tone: 'accent' },
  wrap_up: { icon: NotebookPen, tone: 'warn' },
  not_ready: { icon: CircleMinus, tone: 'warn' },
  offline: { icon: CircleSlash, tone: 'plain' },
};
const order = Object.keys(looks) as PresenceState[];

/** Everybody's state at this moment: how many are in each, since when, and what a supervisor can do about it. */
export function AgentsPage() {
  const t = useT();
  const now = useNow();
  const errorText = useErrorText();
  const { state: only } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(presenceQuery);
  const reasons = useQuery(reasonsQuery).data ?? [];
  const queues = useQuery(queuesQuery).data ?? [];
  const can = useCan();
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (query.isError) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  const late = (each: Presence) => {
    const limit = reasons.find((reason) => reason.code === each.reason)?.limit_minutes ?? 0;
    return each.state === 'not_ready' && limit > 0 && secondsBetween(each.since, now) > limit * 60;
  };
  const rows = query.data
    .filter((each) => !only || each.state === only)
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || Date.parse(a.since) - Date.parse(b.since));
  return (
    <Page title={t('agents.title')} testId="agents-page">
      <div style={{ padding: '12px 20px 40px' }}>
        <div className={css.shares} role="group" aria-label={t('agents.by_state')}>
          {order.map((state) => {
            const count = query.data.filter((each) => each.state === state).length;
            return (
              <button
                key={state}
                type="button"
                style={{ flexGrow: count }}
                aria-pressed={only === state}
                onClick={() => void navigate({ search: only === state ? {} : { state } })}
                data-testid={`agents-${state}`}
              >
                <b>{count}</b> {t(`desk.${state}`)}
              </button>
            );
          })}
        </div>
        {rows.length === 0 ? (
          <Empty icon={Users} title={t('agents.none')}>
            {t('agents.none.help')}
          </Empty>
        ) : (
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t('queue.member')}</th>
                <th scope="col">{t('agents.state')}</th>
                <th scope="col">{t('agents.since')}</th>
                <th scope="col">{t('settings.queues')}</th>
                <th scope="col">
                  <span className="sr-only">{t('action.more')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <tr key={each.user_id} data-testid="agent-row" data-state={each.state}>
                  <td>
                    <span className="row">
                      <Avatar name={each.name} size={22} /> {each.name}
                    </span>
                  </td>
                  <td>
                    <State presence={each} late={late(each)} />
                  </td>
                  <td className="num">{clockText(secondsBetween(each.since, now))}</td>
                  <td className="whisper">
                    {queues
                      .filter(
                        (queue) => queue.active && queue.members.some((member) => member.user_id === each.user_id),
                      )
                      .map((queue) => queue.name)
                      .join(', ')}
                  </td>
                  <td>{can('sessions.manage') && <Actions presence={each} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </Page>
  );
}

function State(props: { presence: Presence; late: boolean }) {
  const t = useT();
  const reasonName = useReasonName();
  const { presence, late } = props;
  const { icon, tone } = looks[presence.state];
  const next = !presence.ready && presence.state !== 'not_ready' && presence.state !== 'offline';
  return (
    <span className="row">
      <Badge icon={late ? TriangleAlert : icon} tone={late ? 'bad' : tone}>
        {presence.state === 'not_ready' ? reasonName(presence.reason) : t(`desk.${presence.state}`)}
      </Badge>
      {late && <span className="whisper">{t('agents.too_long')}</span>}
      {next && <span className="whisper">→ {reasonName(presence.reason)}</span>}
    </span>
  );
}

function Actions(props: { presence: Presence }) {
  const t = useT();
  const report = useReport();
  const cache = useQueryClient();
  const reasonName = useReasonName();
  const reasons = (useQuery(reasonsQuery).data ?? []).filter((each) => each.active);
  const { presence } = props;
  const act = (what: Promise<unknown>) =>
    what.then(() => cache.invalidateQueries({ queryKey: callKeys.presence })).catch(report);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t('agents.actions', { name: presence.name })}
          data-testid="agent-actions"
        >
          <Ellipsis size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {presence.state === 'wrap_up' && (
          <Menu.Item onClick={() => void act(endWrapUpOf(presence.user_id))} data-testid="agent-end-wrap-up">
            {t('agents.end_wrap_up')}
          </Menu.Item>
        )}
        <Menu.Item disabled={presence.ready} onClick={() => void act(setPresenceOf(presence.user_id, 'available'))}>
          {t('desk.available')}
        </Menu.Item>
        {reasons.map((reason) => (
          <Menu.Item
            key={reason.code}
            onClick={() => void act(setPresenceOf(presence.user_id, 'not_ready', reason.code))}
          >
            {reasonName(reason.code)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
