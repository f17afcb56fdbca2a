import { readJSON, tabStore } from './storage';

/** Where a list leaves the ids of its clients in order, and which of them it is at. */
const key = 'centralita.clientlist';

interface Order {
  ids: number[];
  at: number;
}

export interface Walk {
  /** The place among the clients that the list had read, from 1. */
  place: number;
  count: number;
  previous: number | null;
  next: number | null;
}

function order(): Order | null {
  const kept = readJSON<Partial<Order> | null>(tabStore.get(key), null);
  return Array.isArray(kept?.ids) ? { ids: kept.ids, at: kept.at ?? 0 } : null;
}

/** Where a client stands in the list that one came from; null when it is not in it. */
export function walkFrom(id: number): Walk | null {
  const ids = order()?.ids ?? [];
  const at = ids.indexOf(id);
  if (at < 0 || ids.length < 2) return null;
  return { place: at + 1, count: ids.length, previous: ids[at - 1] ?? null, next: ids[at + 1] ?? null };
}

/** Has the list be at another client when one comes back to it. */
export function walkTo(id: number): void {
  const kept = order();
  const at = kept?.ids.indexOf(id) ?? -1;
  if (kept && at >= 0) tabStore.set(key, JSON.stringify({ ...kept, at }));
}
