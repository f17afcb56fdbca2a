import { describe, expect, it } from 'vitest';
import { dayOf, startOf } from './days';

describe('days of a zone', () => {
  it('begin at midnight there, also when the clocks change', () => {
    expect(startOf('2026-03-29', 'Europe/Madrid')).toBe('2026-03-28T23:00:00.000Z');
    expect(startOf('2026-03-29', 'Europe/Madrid', 1)).toBe('2026-03-29T22:00:00.000Z');
    expect(startOf('', 'Europe/Madrid')).toBeUndefined();
    expect(startOf('2026-13', 'Europe/Madrid')).toBeUndefined();
  });
  it('come back as they were given', () => {
    for (const day of ['2026-02-28', '2026-03-29', '2026-10-25', '2026-12-31']) {
      expect(dayOf(startOf(day, 'Europe/Madrid') ?? '', 'Europe/Madrid')).toBe(day);
      expect(dayOf(startOf(day, 'Europe/Madrid', 1) ?? '', 'Europe/Madrid', -1)).toBe(day);
    }
  });
});
