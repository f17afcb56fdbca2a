import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Candidate, Client, ClientRow, LeadHit, NewClient, Page, TimelineEntry } from './types';

export const clientKeys = {
  all: ['clients'] as const,
  /** Every list of clients; see the pages of lists. */
  lists: ['clientlist'] as const,
  one: (id: number) => ['clients', 'one', id] as const,
  timelines: ['timeline'] as const,
  timeline: (id: number, kinds = '') => ['timeline', id, kinds] as const,
  number: (number: string) => ['clients', 'number', number] as const,
  search: (q: string) => ['search', q] as const,
};

export const clientQuery = (id: number) =>
  queryOptions({
    queryKey: clientKeys.one(id),
    queryFn: ({ signal }) => http.get<Client>(`/clients/${id}`, undefined, signal),
  });

export const timelineQuery = (id: number, kinds = '') =>
  infiniteQueryOptions({
    queryKey: clientKeys.timeline(id, kinds),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      http.get<Page<TimelineEntry>>(`/clients/${id}/timeline`, { cursor: pageParam, kinds, limit: 40 }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

export interface ByNumber {
  items: Candidate[] | null;
  e164: string;
  display: string;
}
export const byNumberQuery = (number: string) =>
  queryOptions({
    queryKey: clientKeys.number(number),
    queryFn: ({ signal }) => http.get<ByNumber>('/clients/by-number', { number }, signal),
  });

export interface Found {
  clients: ClientRow[] | null;
  leads: LeadHit[] | null;
}
export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: clientKeys.search(q),
    staleTime: 10_000,
    queryFn: ({ signal }) => http.get<Found>('/search', { q }, signal),
  });

export const createClient = (client: NewClient) => http.post<Client>('/clients', client);
export const saveClient = (id: number, part: Partial<Client> & { version: number }) =>
  http.patch<Client>(`/clients/${id}`, part);
export const addPoint = (id: number, point: { kind: string; raw: string; label: string }) =>
  http.post<Client>(`/clients/${id}/contact-points`, point);
export const savePoint = (id: number, pointId: number, part: { raw?: string; label?: string }) =>
  http.patch<Client>(`/clients/${id}/contact-points/${pointId}`, part);
export const removePoint = (id: number, pointId: number) =>
  http.delete<Client | undefined>(`/clients/${id}/contact-points/${pointId}`);
export const addNote = (id: number, text: string) => http.post<TimelineEntry>(`/clients/${id}/notes`, { text });
