import { expect, test } from 'vitest';
import type { QueueVersion } from '@/api/types';
import { changes } from './changes';

const first = {
  version: 1,
  at: '2026-03-01T10:00:00Z',
  name: 'Sales',
  strategy: 'longest_idle',
  members: [{ user_id: 1 }],
  sticky: { responsible: true, last: false, redial: true, seconds: 15, days: 0 },
} as unknown as QueueVersion;

test('a version names what it changed', () => {
  const second = {
    ...first,
    version: 2,
    strategy: 'linear',
    members: [{ user_id: 1 }, { user_id: 2 }],
  } as QueueVersion;
  expect(changes(second, first)).toEqual([
    { field: 'strategy', before: 'longest_idle', after: 'linear' },
    { field: 'members', before: '1', after: '2' },
  ]);
});

test('a nested setting is told in words', () => {
  const second = { ...first, sticky: { ...first.sticky, last: true, days: 30 } } as QueueVersion;
  expect(changes(second, first)).toEqual([
    {
      field: 'sticky',
      before: 'responsible, redial, seconds 15',
      after: 'responsible, last, redial, seconds 15, days 30',
    },
  ]);
});

test('the first version changed nothing', () => expect(changes(first, undefined)).toEqual([]));
