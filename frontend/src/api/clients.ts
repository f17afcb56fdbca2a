import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Candidate, Client, ClientRow, LeadHit, NewClient, Page, TimelineEntry } from './types';

export const clientKeys = {
  all: ['clients'] as const,
  /** Every list of clients; see the pages of lists. */
  lists: ['clientlist'] as const,
  one: (id: number) => ['clients', 'one', id] as const,
  timelines: ['timeline'] as const,
  olderTimelines: ['timeline-older'] as const,
  timeline: (id: number, kinds = '') => ['timeline', id, kinds] as const,
  number: (number: string) => ['clients', 'number', number] as const,
  search: (q: string) => ['search', q] as const,
};

export const clientQuery = (id: number) =>
  queryOptions({
    queryKey: clientKeys.one(id),
    queryFn: ({ signal }) => http.get<Client>(`/clients/${id}`, undefined, signal),
  });

/** How many entries a page of a timeline has. */
const timelinePage = 100;

const readTimeline = (id: number, kinds: string, cursor: string, signal: AbortSignal) =>
  http.get<Page<TimelineEntry>>(`/clients/${id}/timeline`, { cursor, kinds, limit: timelinePage }, signal);

const later = (a: TimelineEntry, b: TimelineEntry) => Date.parse(b.at) - Date.parse(a.at) || b.id - a.id;

/**
 * The newest entries. When it is read again it keeps what stood behind its last
 * one, and where the older ones begin: news must not have all pages read anew.
 */
export const timelineQuery = (id: number, kinds = '') =>
  queryOptions({
    queryKey: clientKeys.timeline(id, kinds),
    queryFn: async ({ signal, client }) => {
      const page = await readTimeline(id, kinds, '', signal);
      const before = client.getQueryData<Page<TimelineEntry>>(clientKeys.timeline(id, kinds));
      const last = page.items[page.items.length - 1];
      const meet = last !== undefined && page.next !== '' && before?.items.some((entry) => entry.id === last.id);
      if (!before || !meet) return page;
      return {
        ...page,
        items: [...page.items, ...before.items.filter((entry) => later(last, entry) < 0)],
        next: before.next,
      };
    },
  });

/** The entries behind the newest, from `start` on; they are read once. */
export const olderTimelineQuery = (id: number, kinds: string, start: string) =>
  infiniteQueryOptions({
    queryKey: [...clientKeys.olderTimelines, id, kinds, start],
    initialPageParam: start,
    staleTime: Infinity,
    queryFn: ({ pageParam, signal }) => readTimeline(id, kinds, pageParam, signal),
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
/** What is absent stays; null takes it away. */
export type ClientPart = Partial<Omit<Client, 'organisation_id' | 'source_id'>> & {
  organisation_id?: number | null;
  source_id?: number | null;
};
export const saveClient = (id: number, part: ClientPart & { version: number }) =>
  http.patch<Client>(`/clients/${id}`, part);
export const addPoint = (id: number, point: { kind: string; raw: string; label: string }) =>
  http.post<Client>(`/clients/${id}/contact-points`, point);
export const savePoint = (id: number, pointId: number, part: { raw?: string; label?: string }) =>
  http.patch<Client>(`/clients/${id}/contact-points/${pointId}`, part);
export const removePoint = (id: number, pointId: number) =>
  http.delete<Client | undefined>(`/clients/${id}/contact-points/${pointId}`);
export const addNote = (id: number, text: string) => http.post<TimelineEntry>(`/clients/${id}/notes`, { text });
