import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listKeys } from './clientlist';
import { clientKeys } from './clients';
import { leadKeys } from './leads';
import { applySignal } from './signals';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('a burst of signals makes each list stale once', () => {
  const client = new QueryClient();
  const stale = vi.spyOn(client, 'invalidateQueries').mockResolvedValue();
  applySignal(client, 'leads.changed', { id: 1 });
  applySignal(client, 'leads.changed', { id: 2 });
  applySignal(client, 'client.changed', { id: 7 });
  applySignal(client, 'something.unknown', {});
  expect(stale).not.toHaveBeenCalled();
  vi.advanceTimersByTime(150);
  expect(stale.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([leadKeys.all, clientKeys.one(7), listKeys.all]);
});
