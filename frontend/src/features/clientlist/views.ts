import type { SavedView, ViewBook, ViewDraft, ViewQuery } from '@/api/worklist';
import { readNode, widthOf, writeColumns, type Column, type ListSearch } from './model';

/** The word for the list without any view. */
export const everybody = 'all';

/** Everything that a view puts into the address; what it does not speak of is taken out. */
export function searchOf(view: string, query: ViewQuery, columns: SavedView['columns'] = []): ListSearch {
  return {
    view,
    q: query.q || undefined,
    f: readNode(query.filter),
    sort: query.sort || undefined,
    desc: query.desc || undefined,
    cols:
      columns.length > 0
        ? writeColumns(columns.map((each) => ({ key: each.key, width: widthOf(each.key, each.width) })))
        : undefined,
  };
}

export const nothing = (view: string): ListSearch => searchOf(view, {});

/** The view of that name, as the address would have it; undefined when there is none any more. */
export function findView(book: ViewBook | undefined, name: string | undefined): ListSearch | undefined {
  if (!book || !name) return undefined;
  if (name === everybody) return nothing(everybody);
  const own = book.own.find((each) => each.key === name);
  if (own) return searchOf(own.key, own.query);
  const saved = book.items.find((each) => String(each.id) === name);
  return saved && searchOf(name, saved.query, saved.columns);
}

const told = (search: ListSearch) =>
  JSON.stringify([search.q ?? '', search.f ?? null, search.sort ?? '', search.desc ?? false, search.cols ?? '']);

/** Whether the list has left its view. */
export const sameList = (a: ListSearch, b: ListSearch): boolean => told(a) === told(b);

/** What is kept of a list. */
export function draftOf(search: ListSearch, columns: Column[]): Pick<ViewDraft, 'query' | 'columns'> {
  return {
    query: {
      ...(search.q ? { q: search.q } : {}),
      ...(search.f ? { filter: search.f } : {}),
      ...(search.sort ? { sort: search.sort, desc: search.desc ?? false } : {}),
    },
    columns: columns.map(({ key, width }) => ({ key, width: Math.round(width) })),
  };
}
