import { describe, expect, it } from 'vitest';
import { clockText, initials } from './format';
import { keypadDigits, looksLikeNumber } from './phone';
import { smsSegments } from './sms';
import { instantOf, quickTime, wallClock } from './zone';

describe('clocks', () => {
  it.each([
    [0, '0:00'],
    [7.9, '0:07'],
    [765, '12:45'],
    [3729, '1:02:09'],
    [-3, '0:00'],
  ])('%s seconds read %s', (seconds, text) => expect(clockText(seconds)).toBe(text));
});

describe('numbers', () => {
  it.each(['+34 600 11 12 22', '8 (912) 345-67-89', 'tel:+49.30/1234', '600111222'])('%s is one', (text) =>
    expect(looksLikeNumber(text)).toBe(true),
  );
  it.each(['Ana', '12', 'room 600', '', 'ana@example.com'])('%s is none', (text) =>
    expect(looksLikeNumber(text)).toBe(false),
  );
  it('a keypad has only its keys', () => expect(keypadDigits('1a2*#x')).toBe('12*#'));
});

describe('initials', () => {
  it.each([
    ['Carmen Vidal', 'CV'],
    ['ольга белова', 'ОБ'],
    ['Ana María López', 'AL'],
    ['', ''],
  ])('of %s are %s', (name, text) => expect(initials(name)).toBe(text));
});

describe('SMS parts', () => {
  it.each([
    ['a'.repeat(160), 1, 0],
    ['a'.repeat(161), 2, 145],
    ['€'.repeat(80), 1, 0],
    ['я'.repeat(70), 1, 0],
    ['я'.repeat(71), 2, 63],
  ])('%#: counted as the network does', (text, segments, left) =>
    expect(smsSegments(text)).toEqual({ segments, left }),
  );
});

describe('wall clocks', () => {
  const zone = 'Europe/Madrid';
  it('go to an instant and back', () => {
    const instant = instantOf('2026-11-24T10:00', zone);
    expect(new Date(instant).toISOString()).toBe('2026-11-24T09:00:00.000Z');
    expect(wallClock(instant, zone)).toBe('2026-11-24T10:00');
  });
  it('in summer as well', () =>
    expect(new Date(instantOf('2026-07-01T10:00', zone)).toISOString()).toBe('2026-07-01T08:00:00.000Z'));
  it('take the first of a time that comes twice', () =>
    expect(new Date(instantOf('2026-10-25T02:30', zone)).toISOString()).toBe('2026-10-25T00:30:00.000Z'));
  it('step over a time that the change to summer skips', () =>
    expect(new Date(instantOf('2026-03-29T02:30', zone)).toISOString()).toBe('2026-03-29T01:30:00.000Z'));
  it('know tomorrow and the next Monday', () => {
    const monday = Date.parse('2026-11-23T12:00:00Z');
    expect(quickTime('tomorrow', monday, zone)).toBe('2026-11-24T10:00');
    expect(quickTime('monday', monday, zone)).toBe('2026-11-30T10:00');
    expect(quickTime('in_1h', monday, zone)).toBe('2026-11-23T14:00');
  });
});
