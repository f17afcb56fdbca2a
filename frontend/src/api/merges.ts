import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Client, Merge, Page, Pair, Similar } from './types';

export const mergeKeys = {
  pairs: ['duplicates'] as const,
  of: (id: number) => ['merges', id] as const,
  successor: (id: number) => ['successor', id] as const,
  similar: (draft: SimilarDraft) => ['similar', draft] as const,
  preview: (order: MergeOrder) => ['merge-preview', order] as const,
};

export type Choice = 'winner' | 'loser';

export interface MergeOrder {
  winner_id: number;
  loser_id: number;
  winner_version: number;
  loser_version: number;
  fields: Record<string, Choice>;
}

export interface SimilarDraft {
  name: string;
  phones: string[];
  emails: string[];
}

export const pairsQuery = infiniteQueryOptions({
  queryKey: mergeKeys.pairs,
  initialPageParam: '',
  queryFn: ({ pageParam, signal }) =>
    http.get<Page<Pair> & { looked_at?: string }>('/duplicates', { cursor: pageParam }, signal),
  getNextPageParam: (last) => last.next || undefined,
});

export const mergesQuery = (id: number) =>
  queryOptions({
    queryKey: mergeKeys.of(id),
    queryFn: ({ signal }) => http.get<{ items: Merge[] }>(`/clients/${id}/merges`, undefined, signal),
  });

export const successorQuery = (id: number) =>
  queryOptions({
    queryKey: mergeKeys.successor(id),
    retry: false,
    queryFn: ({ signal }) => http.get<Client>(`/clients/${id}/successor`, undefined, signal),
  });

export const similarQuery = (draft: SimilarDraft) =>
  queryOptions({
    queryKey: mergeKeys.similar(draft),
    staleTime: 10_000,
    queryFn: () => http.post<{ items: Similar[] }>('/clients/similar', draft),
  });

export const previewQuery = (order: MergeOrder) =>
  queryOptions({
    queryKey: mergeKeys.preview(order),
    queryFn: () => http.post<{ rows: Record<string, number> }>('/merges/preview', order),
  });

export const mergeClients = (order: MergeOrder) => http.post<Merge>('/merges', order);
export const undoMerge = (id: number) => http.post<Merge>(`/merges/${id}/undo`);
export const lookForDuplicates = () => http.post<undefined>('/duplicates/look');
export const dismissPair = (a: number, b: number) => http.post<undefined>('/duplicates/dismiss', { a_id: a, b_id: b });
export const proposePair = (a: number, b: number) => http.post<undefined>('/duplicates/propose', { a_id: a, b_id: b });
