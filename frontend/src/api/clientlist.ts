import { queryOptions } from '@tanstack/react-query';
import { clientKeys } from './clients';
import { countClients, type ListQuery } from './exchange';
import { http } from './http';
import type { components } from './schema';

type Schemas = components['schemas'];
export type TableRow = Schemas['TableRow'];
export type TablePage = Schemas['Table'];

/** A page of a list: what is asked for, and which columns it shows. */
export interface TableAsk extends ListQuery {
  columns: string[];
}

/** So many rows come at once. */
export const tablePageSize = 100;

export const listKeys = {
  all: clientKeys.lists,
  page: (ask: TableAsk, cursor: string) => ['clientlist', 'page', ask, cursor] as const,
  counts: ['clientlist-count'] as const,
  count: (query: ListQuery) => ['clientlist-count', query.q ?? '', query.filter ?? null] as const,
};

export const tablePageQuery = (ask: TableAsk, cursor: string) =>
  queryOptions({
    queryKey: listKeys.page(ask, cursor),
    staleTime: 30_000,
    queryFn: () =>
      http.post<TablePage>('/clients/table', {
        q: ask.q ?? '',
        filter: ask.filter ?? {},
        sort: ask.sort ?? '',
        desc: ask.desc ?? false,
        columns: ask.columns,
        cursor,
        limit: tablePageSize,
      }),
  });

/** How many there are, without regard to order; counted anew now and then, not at every change of anybody. */
export const listCountQuery = (query: ListQuery) =>
  queryOptions({
    queryKey: listKeys.count(query),
    staleTime: 5000,
    refetchInterval: 20_000,
    queryFn: () => countClients(query).then((answer) => answer.count),
  });
