/** Wall-clock arithmetic in a named zone, on the browser's own zone data. */

function parts(ms: number, zone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone || 'UTC',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return Object.fromEntries(format.formatToParts(ms).map((part) => [part.type, part.value]));
}

/** An instant as the zone's wall clock shows it: 2026-11-24T10:00. */
export function wallClock(ms: number, zone: string): string {
  const p = parts(ms, zone);
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`;
}

/**
 * The instant at which the zone's wall clock shows `local`. A time that summer
 * time skips yields the instant an hour later; one that occurs twice, the
 * first of both.
 */
export function instantOf(local: string, zone: string): number {
  const asUTC = Date.parse(`${local}:00Z`);
  if (!Number.isFinite(asUTC)) return Number.NaN;
  const offsetAt = (ms: number) => Date.parse(`${wallClock(ms, zone)}:00Z`) - ms;
  const before = asUTC - offsetAt(asUTC - 12 * 3600_000);
  const after = asUTC - offsetAt(asUTC + 12 * 3600_000);
  return wallClock(before, zone) !== local && wallClock(after, zone) === local ? after : before;
}

function addDays(day: string, days: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export type QuickTime = 'in_1h' | 'in_3h' | 'tomorrow' | 'monday';

/** The times people mean most often, as wall clocks of the zone. */
export function quickTime(which: QuickTime, now: number, zone: string): string {
  const quarter = 15 * 60_000;
  if (which === 'in_1h' || which === 'in_3h') {
    const ahead = now + (which === 'in_1h' ? 1 : 3) * 3600_000;
    return wallClock(Math.ceil(ahead / quarter) * quarter, zone);
  }
  const today = wallClock(now, zone).slice(0, 10);
  if (which === 'tomorrow') return `${addDays(today, 1)}T10:00`;
  const weekday = new Date(`${today}T12:00:00Z`).getUTCDay();
  return `${addDays(today, (8 - weekday) % 7 || 7)}T10:00`;
}
