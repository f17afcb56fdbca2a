import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { clientKeys } from './clients';
import { http } from './http';
import type { AuditAlert, AuditNames, AuditPage, Deed, Page, Quota, Reader, ReaderKind, Seals } from './types';

export interface AuditFilter {
  user_id?: number;
  action?: string;
  entity?: string;
  entity_id?: number;
  only?: string;
  kind?: ReaderKind;
  from?: string;
  until?: string;
  q?: string;
}

export const auditKeys = {
  all: ['audit'] as const,
  lists: ['audit', 'list'] as const,
  state: ['audit', 'state'] as const,
  alerts: ['audit', 'alerts'] as const,
  quotas: ['audit', 'quotas'] as const,
};

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: [...auditKeys.lists, filter],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => http.get<AuditPage>('/audit', { ...filter, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

/** Who changed what of a client, who looked, or both. */
export const clientHistoryQuery = (id: number, only: '' | 'changes' | 'looks') =>
  infiniteQueryOptions({
    queryKey: [...clientKeys.one(id), 'history', only],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      http.get<Page<Deed>>(`/clients/${id}/history`, { only, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

export const auditNamesQuery = queryOptions({
  queryKey: ['audit', 'names'],
  queryFn: ({ signal }) => http.get<AuditNames>('/audit/names', undefined, signal),
  staleTime: 60_000,
});

export const sealsQuery = queryOptions({
  queryKey: auditKeys.state,
  queryFn: ({ signal }) => http.get<Seals>('/audit/state', undefined, signal),
  refetchInterval: (query) => (query.state.data?.verifying ? 1000 : 15_000),
});

export const readersQuery = (kind: ReaderKind) =>
  queryOptions({
    queryKey: ['audit', 'readers', kind],
    queryFn: ({ signal }) => http.get<{ items: Reader[] }>('/audit/readers', { kind }, signal),
    refetchInterval: 30_000,
  });

export const auditAlertsQuery = queryOptions({
  queryKey: auditKeys.alerts,
  queryFn: ({ signal }) => http.get<{ items: AuditAlert[] }>('/audit/alerts', undefined, signal),
});

export const quotasQuery = queryOptions({
  queryKey: auditKeys.quotas,
  queryFn: ({ signal }) => http.get<{ items: Quota[] }>('/audit/quotas', undefined, signal),
});

export const verifyAudit = () => http.post<Seals>('/audit/verify');
export const seeAlert = (id: number) => http.post<undefined>(`/audit/alerts/${id}/seen`);
export const saveQuotas = (items: Quota[]) => http.put<{ items: Quota[] }>('/audit/quotas', { items });
