import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Line } from './types';

export const lineKeys = { all: ['lines'] as const };

export const linesQuery = queryOptions({
  queryKey: lineKeys.all,
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => http.get<{ items: Line[] }>('/lines', undefined, signal).then((page) => page.items ?? []),
});

export type LineFields = Omit<Line, 'id'>;
export const createLine = (fields: LineFields) => http.post<Line>('/lines', fields);
export const saveLine = (id: number, fields: Partial<LineFields>) => http.patch<Line>(`/lines/${id}`, fields);
