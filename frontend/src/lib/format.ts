import { useMemo } from 'react';
import { useIntl } from 'react-intl';
import { useT } from './i18n';

/** Seconds as a clock: 0:07, 12:45, 1:02:09. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const s = String(whole % 60).padStart(2, '0');
  const m = Math.floor(whole / 60) % 60;
  const h = Math.floor(whole / 3600);
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

export function secondsBetween(from: string | null | undefined, nowMs: number): number {
  if (!from) return 0;
  const started = Date.parse(from);
  return Number.isFinite(started) ? (nowMs - started) / 1000 : 0;
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0]?.[0] ?? '';
  const last = words.length > 1 ? (words[words.length - 1]?.[0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** Dates, spans and money in the reader's language and the firm's zone. */
export function useFormat() {
  const intl = useIntl();
  const t = useT();
  return useMemo(() => {
    const day = (ms: number) => intl.formatDate(ms, { year: 'numeric', month: '2-digit', day: '2-digit' });
    const parse = (at: string | number) => (typeof at === 'number' ? at : Date.parse(at));
    const time = (at: string | number) =>
      intl.formatTime(parse(at), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    const date = (at: string | number) =>
      intl.formatDate(parse(at), {
        day: 'numeric',
        month: 'short',
        ...(new Date(parse(at)).getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' }),
      });
    const clock = (at: string | number) =>
      intl.formatTime(parse(at), { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
    return {
      time,
      clock,
      date,
      /** Full and exact, for tooltips and journals. */
      exact: (at: string | number) =>
        intl.formatDate(parse(at), { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' } as Parameters<
          typeof intl.formatDate
        >[1]),
      /** Time today, "yesterday", otherwise the day. */
      when(at: string | number, now: number): string {
        const ms = parse(at);
        if (day(ms) === day(now)) return time(ms);
        if (day(ms) === day(now - 86_400_000)) return t('time.yesterday_at', { time: time(ms) });
        if (day(ms) === day(now + 86_400_000)) return t('time.tomorrow_at', { time: time(ms) });
        return `${date(ms)}, ${time(ms)}`;
      },
      /** A heading for a day of a list. */
      dayHeading(at: string, now: number): string {
        const ms = parse(at);
        if (day(ms) === day(now)) return t('time.today');
        if (day(ms) === day(now - 86_400_000)) return t('time.yesterday');
        return intl.formatDate(ms, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
      },
      /** How long ago, in the largest unit that says enough. */
      ago(at: string, now: number): string {
        const seconds = Math.round((parse(at) - now) / 1000);
        const size = Math.abs(seconds);
        if (size < 60) return t('time.now');
        if (size < 3600) return intl.formatRelativeTime(Math.trunc(seconds / 60), 'minute', { style: 'narrow' });
        if (size < 86_400) return intl.formatRelativeTime(Math.trunc(seconds / 3600), 'hour', { style: 'narrow' });
        if (size < 30 * 86_400)
          return intl.formatRelativeTime(Math.trunc(seconds / 86_400), 'day', { style: 'narrow' });
        return intl.formatDate(parse(at), { day: 'numeric', month: 'short', year: 'numeric' });
      },
      /** A span in words: 45 s, 12 min, 3 h 5 min, 2 d 4 h. */
      span(seconds: number): string {
        const s = Math.max(0, Math.floor(seconds));
        if (s < 60) return t('span.s', { s });
        if (s < 3600) return t('span.m', { m: Math.floor(s / 60) });
        if (s < 86_400) return t('span.hm', { h: Math.floor(s / 3600), m: Math.floor((s % 3600) / 60) });
        return t('span.dh', { d: Math.floor(s / 86_400), h: Math.floor((s % 86_400) / 3600) });
      },
      money(amount: string | number, currency: string): string {
        return intl.formatNumber(Number(amount), {
          style: 'currency',
          currency: currency || 'EUR',
          maximumFractionDigits: 0,
        });
      },
      number: (n: number) => intl.formatNumber(n),
      /** Things one after another: a, b and c. */
      list: (items: string[]) => intl.formatList(items),
      /** The name of a language in the reader's own. */
      language: (code: string) => intl.formatDisplayName(code, { type: 'language' }) ?? code,
      /** How large a file is, in the unit that says enough. */
      size(bytes: number): string {
        const [unit, of] =
          bytes < 1024
            ? (['byte', 1] as const)
            : bytes < 1024 ** 2
              ? (['kilobyte', 1024] as const)
              : (['megabyte', 1024 ** 2] as const);
        return intl.formatNumber(bytes / of, {
          style: 'unit',
          unit,
          unitDisplay: 'short',
          maximumFractionDigits: of > 1024 ? 1 : 0,
        });
      },
      bytes: (n: number) => intl.formatNumber(n / 1024, { maximumFractionDigits: 0 }),
    };
  }, [intl, t]);
}
