import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { auditKeys } from './audit';
import { callKeys } from './calls';
import { cardKeys } from './cards';
import { listKeys } from './clientlist';
import { clientKeys } from './clients';
import { deskKeys } from './desk';
import { exchangeKeys } from './exchange';
import { fieldKeys } from './fields';
import { fileKeys } from './files';
import { leadKeys } from './leads';
import { lineKeys } from './lines';
import { mergeKeys } from './merges';
import { messageKeys } from './messages';
import { queueKeys } from './queues';
import { reminderKeys } from './reminders';
import { roleKeys } from './roles';
import { sessionKeys } from './session';
import { workKeys } from './worklist';

type Ids = { id?: number; client_id?: number; user_id?: number };

/** What each signal of the server makes stale. */
const stale: Record<string, (ids: Ids) => QueryKey[]> = {
  'leads.changed': () => [leadKeys.all],
  'presence.changed': () => [callKeys.presence, leadKeys.board, queueKeys.now],
  'client.changed': (ids) => [ids.id ? clientKeys.one(ids.id) : clientKeys.all, listKeys.all],
  'timeline.changed': (ids) => [ids.client_id ? ['timeline', ids.client_id] : clientKeys.timelines],
  'fields.changed': () => [fieldKeys.all, fieldKeys.sheets, exchangeKeys.clientFields],
  'values.changed': (ids) => [ids.client_id ? fieldKeys.sheet(ids.client_id) : fieldKeys.sheets, listKeys.all],
  'duplicates.changed': () => [mergeKeys.pairs, ['merges'], clientKeys.olderTimelines],
  'tags.changed': () => [cardKeys.tags],
  'files.changed': (ids) => [ids.client_id ? fileKeys.of(ids.client_id) : fileKeys.all],
  'messages.changed': () => [messageKeys.all],
  'reminders.changed': () => [reminderKeys.all],
  'imports.changed': () => [exchangeKeys.imports],
  'exports.changed': () => [exchangeKeys.exports],
  'clients.changed': () => [clientKeys.all, listKeys.all, listKeys.counts],
  'views.changed': () => [workKeys.views],
  'segments.changed': () => [workKeys.segments],
  'bulk.changed': () => [workKeys.bulk],
  'lines.changed': () => [lineKeys.all],
  'desk.changed': () => [deskKeys.all],
  'queues.changed': () => [queueKeys.all, queueKeys.skills],
  'users.changed': () => [sessionKeys.users],
  'roles.changed': () => [roleKeys.roles, sessionKeys.me],
  'teams.changed': () => [roleKeys.teams, roleKeys.deputies],
  'firm.changed': () => [sessionKeys.me],
  'audit.changed': () => [auditKeys.alerts, auditKeys.state],
  'health.changed': () => [callKeys.health],
};

/** Events of the user's own stream that change lists as well. */
const staleByEvent: Record<string, QueryKey[]> = {
  'message.in': [messageKeys.all],
  'message.state': [messageKeys.all],
  'reminder.due': [reminderKeys.all],
  'import.ended': [exchangeKeys.imports],
  'bulk.ended': [workKeys.bulk],
  'export.waiting': [exchangeKeys.exports],
  'export.decided': [exchangeKeys.exports],
  'export.ready': [exchangeKeys.exports],
  'canary.heard': [exchangeKeys.exports],
};

/** Long enough to gather a burst, and to let a pop be painted before lists are read again. */
const gatherMs = 120;
const gathered = new Map<string, QueryKey>();
let flush: ReturnType<typeof setTimeout> | null = null;

export function applySignal(client: QueryClient, kind: string, data: unknown): void {
  const keys = stale[kind]?.((data ?? {}) as Ids) ?? staleByEvent[kind] ?? [];
  for (const queryKey of keys) gathered.set(JSON.stringify(queryKey), queryKey);
  if (gathered.size === 0) return;
  flush ??= setTimeout(() => {
    flush = null;
    const all = [...gathered.values()];
    gathered.clear();
    for (const queryKey of all) void client.invalidateQueries({ queryKey });
  }, gatherMs);
}

/** After an outage nothing on the screen is known to be true any more. */
export function refetchAll(client: QueryClient): void {
  void client.invalidateQueries();
}
