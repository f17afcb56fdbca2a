import { instantOf, wallClock } from '@/lib/zone';

function shifted(day: string, days: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The day of an instant in a zone, some days further on: 2026-11-24. */
export function dayOf(at: string, zone: string, days = 0): string {
  const ms = Date.parse(at);
  return Number.isFinite(ms) ? shifted(wallClock(ms, zone).slice(0, 10), days) : '';
}

/** The instant at which a day, some days further on, begins in a zone; nothing for no day. */
export function startOf(day: string, zone: string, days = 0): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(day)) return undefined;
  const ms = instantOf(`${shifted(day, days)}T00:00`, zone);
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}
