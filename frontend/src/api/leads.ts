import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Board, Closing, Lead, LeadDetail, Page } from './types';

export interface LeadFilter {
  state?: string;
  class?: string;
  closing?: string;
  client_id?: number;
  line_id?: number;
  source?: string;
}

export const leadKeys = {
  all: ['leads'] as const,
  board: ['leads', 'board'] as const,
  list: (filter: LeadFilter) => ['leads', 'list', filter] as const,
  one: (id: number) => ['leads', 'one', id] as const,
};

export const boardQuery = queryOptions({
  queryKey: leadKeys.board,
  refetchInterval: 15_000,
  queryFn: ({ signal }) => http.get<Board>('/leads/board', undefined, signal),
});

export const leadsQuery = (filter: LeadFilter) =>
  infiniteQueryOptions({
    queryKey: leadKeys.list(filter),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => http.get<Page<Lead>>('/leads', { ...filter, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

export const leadQuery = (id: number) =>
  queryOptions({
    queryKey: leadKeys.one(id),
    queryFn: ({ signal }) => http.get<LeadDetail>(`/leads/${id}`, undefined, signal),
  });

export interface NewLead {
  client_id?: number;
  number?: string;
  line_id?: number;
  note: string;
  source: 'manual';
}
export const createLead = (lead: NewLead) => http.post<Lead>('/leads', lead);
export const closeLead = (id: number, closing: Closing, reason: string) =>
  http.post<Lead>(`/leads/${id}/close`, { closing, reason });
export const reopenLead = (id: number, reason: string) => http.post<Lead>(`/leads/${id}/reopen`, { reason });
export const planNextStep = (id: number, at: string | null, note: string) =>
  http.post<Lead>(`/leads/${id}/next-step`, { at, note });
export const assignLead = (id: number, userId: number | null) =>
  http.post<Lead>(`/leads/${id}/assign`, { user_id: userId });
export const linkLead = (id: number, clientId: number) => http.post<Lead>(`/leads/${id}/link`, { client_id: clientId });
export const unlinkLead = (id: number) => http.delete<Lead>(`/leads/${id}/link`);
export const noteLead = (id: number, note: string) => http.patch<Lead>(`/leads/${id}`, { note });
export const releaseLead = (id: number) => http.delete<Lead>(`/leads/${id}/lease`);
