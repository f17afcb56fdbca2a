import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Import, ImportMapping, ImportPolicy, ImportPreview, ImportVerdict, Page, SheetFormat } from './types';

/** The steps in which an import is prepared. */
export const wizardSteps = ['format', 'columns', 'duplicates', 'check'] as const;
export type WizardStep = (typeof wizardSteps)[number];

export const exchangeKeys = {
  imports: ['imports'] as const,
  importList: ['imports', 'list'] as const,
  import: (id: number) => ['imports', 'one', id] as const,
  rows: (id: number, verdict: string) => ['imports', 'rows', id, verdict] as const,
  preview: (id: number, format: SheetFormat) => ['import-preview', id, format] as const,
};

export const importsQuery = infiniteQueryOptions({
  queryKey: exchangeKeys.importList,
  initialPageParam: '',
  queryFn: ({ pageParam, signal }) => http.get<Page<Import>>('/imports', { cursor: pageParam }, signal),
  getNextPageParam: (last) => last.next || undefined,
});

export const importQuery = (id: number) =>
  queryOptions({
    queryKey: exchangeKeys.import(id),
    queryFn: ({ signal }) => http.get<Import>(`/imports/${id}`, undefined, signal),
  });

export const importPreviewQuery = (id: number, format: SheetFormat) =>
  queryOptions({
    queryKey: exchangeKeys.preview(id, format),
    staleTime: Infinity,
    queryFn: ({ signal }) => http.get<ImportPreview>(`/imports/${id}/preview`, { limit: 20 }, signal),
  });

export interface VerdictPage extends Page<ImportVerdict> {
  header: string[];
}
export const importRowsQuery = (id: number, verdict: string) =>
  infiniteQueryOptions({
    queryKey: exchangeKeys.rows(id, verdict),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      http.get<VerdictPage>(`/imports/${id}/rows`, { verdict, cursor: pageParam, limit: 100 }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

export const uploadImport = (file: Blob, name: string) => http.upload<Import>('/imports', { name }, file);
export const changeImport = (
  id: number,
  part: { format?: SheetFormat; mapping?: ImportMapping; policy?: ImportPolicy },
) => http.patch<Import>(`/imports/${id}`, part);
export type ImportStep = 'check' | 'run' | 'pause' | 'cancel' | 'undo';
export const moveImport = (id: number, step: ImportStep) => http.post<Import>(`/imports/${id}/${step}`);
export const discardImport = (id: number) => http.delete<undefined>(`/imports/${id}`);
export const verdictsHref = (id: number, verdict: string) =>
  `/api/imports/${id}/verdicts${verdict ? `?verdict=${verdict}` : ''}`;

/** What its author is told when an import is over. */
export interface ImportEnded {
  import_id: number;
  file_name: string;
  state: Import['state'];
  created: number;
  updated: number;
  failed: number;
}
