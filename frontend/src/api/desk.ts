import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Disposition, DispositionFields, PauseReason, Presence } from './types';

export const deskKeys = {
  all: ['desk'] as const,
  reasons: ['desk', 'reasons'] as const,
  dispositions: ['desk', 'dispositions'] as const,
};

const list =
  <T>(path: string) =>
  ({ signal }: { signal: AbortSignal }) =>
    http.get<{ items: T[] }>(path, undefined, signal).then((page) => page.items ?? []);

export const reasonsQuery = queryOptions({
  queryKey: deskKeys.reasons,
  staleTime: 5 * 60_000,
  queryFn: list<PauseReason>('/desk/reasons'),
});

export const dispositionsQuery = queryOptions({
  queryKey: deskKeys.dispositions,
  staleTime: 5 * 60_000,
  queryFn: list<Disposition>('/desk/dispositions'),
});

export const saveReasons = (items: PauseReason[]) => http.put<{ items: PauseReason[] }>('/desk/reasons', { items });
export const saveDispositions = (items: DispositionFields[]) =>
  http.put<{ items: Disposition[] }>('/desk/dispositions', { items });

export interface WrapUpWords {
  disposition_id?: number;
  note?: string;
}
export const endWrapUp = (call: number, words: WrapUpWords) => http.post<unknown>(`/calls/${call}/wrap-up`, words);
export const extendWrapUp = (call: number) => http.post<unknown>(`/calls/${call}/wrap-up/extend`, {});

export const setPresenceOf = (user: number, state: 'available' | 'not_ready', reason?: string) =>
  http.put<Presence>(`/presence/${user}`, { state, ...(reason ? { reason } : {}) });
export const endWrapUpOf = (user: number) => http.delete<unknown>(`/presence/${user}/wrap-up`);
