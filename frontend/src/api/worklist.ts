import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { components } from './schema';
import type { FilterNode } from './types';

type Schemas = components['schemas'];
export type SavedView = Schemas['SavedView'];
export type ViewDraft = Schemas['ViewDraft'];
export type ViewBook = Schemas['ViewBook'];
export type ViewQuery = Schemas['ViewQuery'];
export type ClientSegment = Schemas['ClientSegment'];
export type SegmentDraft = Schemas['SegmentDraft'];
export type Explanation = Schemas['Explanation'];
export type BulkRun = Schemas['BulkRun'];
export type BulkRow = Schemas['BulkRow'];
export type BulkWhat = Schemas['BulkWhat'];
export type BulkWho = Schemas['BulkWho'];

export const workKeys = {
  views: ['views'] as const,
  segments: ['segments'] as const,
  segmentList: ['segments', 'list'] as const,
  segmentCount: (id: number, version: number) => ['segments', 'count', id, version] as const,
  why: (clientId: number, filter: FilterNode) => ['segments', 'why', clientId, filter] as const,
  bulk: ['bulk'] as const,
  runs: ['bulk', 'runs'] as const,
  rows: (id: number, verdict: string) => ['bulk', 'rows', id, verdict] as const,
};

export const viewsQuery = queryOptions({
  queryKey: workKeys.views,
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => http.get<ViewBook>('/views', undefined, signal),
});
export const addView = (view: ViewDraft) => http.post<SavedView>('/views', view);
export const changeView = (id: number, version: number, view: ViewDraft) =>
  http.put<SavedView>(`/views/${id}`, { version, ...view });
export const removeView = (id: number) => http.delete<undefined>(`/views/${id}`);
export const restoreView = (id: number) => http.post<SavedView>(`/views/${id}/restore`);
export const preferView = (view: string) => http.put<undefined>('/views/default', { view });

export const segmentsQuery = queryOptions({
  queryKey: workKeys.segmentList,
  queryFn: ({ signal }) =>
    http.get<{ items: ClientSegment[] }>('/segments', undefined, signal).then((all) => all.items),
});
export const segmentCountQuery = (segment: ClientSegment) =>
  queryOptions({
    queryKey: workKeys.segmentCount(segment.id, segment.version),
    enabled: segment.usable,
    refetchInterval: 60_000,
    queryFn: ({ signal }) =>
      http.get<{ count: number }>(`/segments/${segment.id}/count`, undefined, signal).then((answer) => answer.count),
  });
export const whyQuery = (clientId: number, filter: FilterNode) =>
  queryOptions({
    queryKey: workKeys.why(clientId, filter),
    queryFn: () => http.post<Explanation>(`/clients/${clientId}/explain`, { filter }),
  });
export const addSegment = (segment: SegmentDraft) => http.post<ClientSegment>('/segments', segment);
export const changeSegment = (id: number, version: number, segment: SegmentDraft) =>
  http.put<ClientSegment>(`/segments/${id}`, { version, ...segment });
export const removeSegment = (id: number) => http.delete<undefined>(`/segments/${id}`);
export const restoreSegment = (id: number) => http.post<ClientSegment>(`/segments/${id}/restore`);

export const bulkRunsQuery = queryOptions({
  queryKey: workKeys.runs,
  queryFn: ({ signal }) => http.get<{ items: BulkRun[] }>('/bulk-runs', { limit: 3 }, signal).then((all) => all.items),
});
const rowsAtOnce = 100;
export const bulkRowsQuery = (id: number, verdict: string) =>
  infiniteQueryOptions({
    queryKey: workKeys.rows(id, verdict),
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      http
        .get<{ items: BulkRow[] }>(`/bulk-runs/${id}/rows`, { after: pageParam, verdict, limit: rowsAtOnce }, signal)
        .then((page) => page.items),
    getNextPageParam: (last) => (last.length === rowsAtOnce ? last[last.length - 1]?.n : undefined),
  });
export const startBulk = (what: BulkWhat, who: BulkWho) => http.post<BulkRun>('/bulk-runs', { what, who });
export const cancelBulk = (id: number) => http.post<BulkRun>(`/bulk-runs/${id}/cancel`);
export const undoBulk = (id: number) => http.post<BulkRun>(`/bulk-runs/${id}/undo`);

/** What its author is told when a run is over. */
export interface BulkEnded {
  run_id: number;
  state: BulkRun['state'];
  changed: number;
  undone: number;
}
