import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { CallView, Health, Page, Presence, PresenceState, Recording, TraceStep } from './types';

export const callKeys = {
  presence: ['presence'] as const,
  health: ['health'] as const,
  recording: (id: number) => ['recording', id] as const,
  trace: (id: number) => ['trace', id] as const,
  list: (filter: object) => ['calls', filter] as const,
};

export const presenceQuery = queryOptions({
  queryKey: callKeys.presence,
  queryFn: ({ signal }) =>
    http.get<{ items: Presence[] }>('/presence', undefined, signal).then((page) => page.items ?? []),
});

export const healthQuery = queryOptions({
  queryKey: callKeys.health,
  refetchInterval: 5000,
  queryFn: ({ signal }) => http.get<Health>('/system/health', undefined, signal),
});

export const recordingQuery = (id: number) =>
  queryOptions<Recording>({
    queryKey: callKeys.recording(id),
    staleTime: Infinity,
    refetchInterval: (query) => {
      const state = query.state.data?.state;
      return state === 'recording' || state === 'processing' ? 2000 : false;
    },
    queryFn: ({ signal }) => http.get<Recording>(`/calls/${id}/recording`, undefined, signal),
  });

export const callQuery = (id: number) =>
  queryOptions({
    queryKey: ['calls', id] as const,
    queryFn: ({ signal }) => http.get<CallView>(`/calls/${id}`, undefined, signal),
  });

export const traceQuery = (id: number) =>
  queryOptions({
    queryKey: callKeys.trace(id),
    queryFn: ({ signal }) =>
      http.get<{ items: TraceStep[] }>(`/calls/${id}/trace`, undefined, signal).then((page) => page.items ?? []),
  });

export interface CallFilter {
  client_id?: number;
  user_id?: number;
  outcome?: string;
}
export const listCalls = (filter: CallFilter, cursor: string, signal?: AbortSignal) =>
  http.get<Page<CallView>>('/calls', { ...filter, cursor }, signal);

export interface Dial {
  number?: string;
  contact_point_id?: number;
  client_id?: number;
  lead_id?: number;
  line_id?: number;
}

/** What the softphone asks of the server. */
export const callCommands = {
  current: () => http.get<{ items: CallView[] }>('/calls/current').then((page) => page.items ?? []),
  get: (id: number) => http.get<CallView>(`/calls/${id}`),
  dial: (wish: Dial) => http.post<CallView>('/calls', wish),
  callBack: (leadId: number, pointId?: number) =>
    http.post<CallView>(`/leads/${leadId}/call-back${pointId ? `?contact_point_id=${pointId}` : ''}`),
  decline: (id: number) => http.post<CallView>(`/calls/${id}/decline`),
  hangup: (id: number) => http.post<CallView>(`/calls/${id}/hangup`),
  hold: (id: number) => http.post<CallView>(`/calls/${id}/hold`),
  unhold: (id: number) => http.post<CallView>(`/calls/${id}/unhold`),
  mute: (id: number) => http.post<CallView>(`/calls/${id}/mute`),
  unmute: (id: number) => http.post<CallView>(`/calls/${id}/unmute`),
  dtmf: (id: number, digits: string) => http.post<unknown>(`/calls/${id}/dtmf`, { digits }),
  transfer: (id: number, to: { kind: 'user' | 'queue'; id: number; note?: string }) =>
    http.post<CallView>(`/calls/${id}/transfer`, to),
  consult: (id: number, whom: { user_id: number; note?: string }) => http.post<CallView>(`/calls/${id}/consult`, whom),
  endConsult: (id: number) => http.post<CallView>(`/calls/${id}/consult-end`),
  complete: (id: number) => http.post<CallView>(`/calls/${id}/complete`),
  conference: (id: number) => http.post<CallView>(`/calls/${id}/conference`),
  presence: (state: Extract<PresenceState, 'available' | 'not_ready'>, reason?: string) =>
    http.put<Presence>('/presence/me', { state, ...(reason ? { reason } : {}) }),
};
export type CallCommands = typeof callCommands;
