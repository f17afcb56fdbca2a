import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type {
  Canary,
  Export,
  ExportSettings,
  ExportWish,
  FieldInfo,
  FilterNode,
  Import,
  ImportMapping,
  ImportPolicy,
  ImportPreview,
  ImportVerdict,
  Page,
  SheetFormat,
} from './types';

/** The steps in which an import is prepared. */
export const wizardSteps = ['format', 'columns', 'duplicates', 'check'] as const;
export type WizardStep = (typeof wizardSteps)[number];

export const exchangeKeys = {
  imports: ['imports'] as const,
  exports: ['exports'] as const,
  exportList: (filter: ExportFilter) => ['exports', 'list', filter] as const,
  canaries: ['exports', 'canaries'] as const,
  exportSettings: ['export-settings'] as const,
  clientFields: ['client-fields'] as const,
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

export interface ExportFilter {
  all?: boolean;
}
export const exportsQuery = (filter: ExportFilter) =>
  infiniteQueryOptions({
    queryKey: exchangeKeys.exportList(filter),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => http.get<Page<Export>>('/exports', { ...filter, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

export const canariesQuery = queryOptions({
  queryKey: exchangeKeys.canaries,
  queryFn: ({ signal }) =>
    http.get<{ items: Canary[] | null }>('/export-canaries', undefined, signal).then((page) => page.items ?? []),
});

export const exportSettingsQuery = queryOptions({
  queryKey: exchangeKeys.exportSettings,
  queryFn: ({ signal }) => http.get<ExportSettings>('/export-settings', undefined, signal),
});

export const clientFieldsQuery = queryOptions({
  queryKey: exchangeKeys.clientFields,
  staleTime: 60_000,
  queryFn: ({ signal }) =>
    http.get<{ items: FieldInfo[] | null }>('/clients/fields', undefined, signal).then((page) => page.items ?? []),
});

export const countClients = (what: ListQuery) =>
  http.post<{ count: number; more: boolean }>('/clients/count', {
    q: what.q ?? '',
    filter: what.filter ?? {},
    exact: true,
  });

/** What a list shows at this moment: what is typed, its conditions, its order. */
export interface ListQuery {
  q?: string;
  filter?: FilterNode;
  sort?: string;
  desc?: boolean;
}
export const requestExport = (wish: ExportWish) => http.post<Export>('/exports', wish);
export const approveExport = (id: number) => http.post<Export>(`/exports/${id}/approve`);
export const refuseExport = (id: number, reason: string) => http.post<Export>(`/exports/${id}/refuse`, { reason });
export const cancelExport = (id: number) => http.post<Export>(`/exports/${id}/cancel`);
export const saveExportSettings = (settings: ExportSettings) => http.put<ExportSettings>('/export-settings', settings);
export const exportHref = (id: number) => `/api/exports/${id}/file`;

/** What somebody is told of exports: his own, those he decides about, a file that is in use outside. */
export interface ExportNews {
  kind: string;
  rows?: number;
  total?: number;
  author_name?: string;
  state?: Export['state'];
  by?: string;
  decision?: string;
}
