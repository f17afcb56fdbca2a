import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import {
  listKeys,
  tablePageQuery,
  tablePageSize,
  type TableAsk,
  type TablePage,
  type TableRow,
} from '@/api/clientlist';

/** Where each page of a list begins: what the page before says comes next. */
const chains = new Map<string, string[]>();
const remembered = 8;

function remember(key: string, chain: string[]): void {
  chains.delete(key);
  chains.set(key, chain);
  for (const old of chains.keys()) if (chains.size > remembered) chains.delete(old);
}

/**
 * The rows of a list however long it is: only the pages that are looked at are
 * asked for and kept fresh; the others stay in the cache for a while.
 */
export function useRows(ask: TableAsk, enabled: boolean) {
  const key = JSON.stringify(ask);
  const cache = useQueryClient();
  const [kept, setKept] = useState(() => ({ key, chain: chains.get(key) ?? [''] }));
  const chain = useMemo(() => (kept.key === key ? kept.chain : (chains.get(key) ?? [''])), [kept, key]);
  const [seen, setSeen] = useState<[number, number]>([0, 0]);
  const last = chain.length - 1;
  const from = Math.min(seen[0], last);
  const to = Math.min(seen[1], last);
  const results = useQueries({
    queries: chain.slice(from, to + 1).map((cursor) => ({ ...tablePageQuery(ask, cursor), enabled })),
  });

  useEffect(() => {
    let next = chain;
    results.forEach((result, index) => {
      if (!result.data) return;
      const page = from + index;
      const after = result.data.next;
      if (after && next[page + 1] !== after) next = [...next.slice(0, page + 1), after];
      if (!after && next.length > page + 1) next = next.slice(0, page + 1);
    });
    if (next === chain) return;
    remember(key, next);
    setKept({ key, chain: next });
  }, [chain, results, key, from]);

  const first = useRef<{ key: string; rows: TableRow[] } | null>(null);
  const page = useCallback(
    (n: number): TableRow[] | undefined => {
      const cursor = chain[n];
      if (cursor === undefined) return undefined;
      return cache.getQueryData<TablePage>(listKeys.page(JSON.parse(key) as TableAsk, cursor))?.items;
    },
    [cache, chain, key],
  );
  const begun = page(0);
  if (begun) first.current = { key, rows: begun };
  const stale = !begun && first.current !== null;

  const lastRows = page(last);
  const count = stale ? (first.current?.rows.length ?? 0) : begun ? last * tablePageSize + (lastRows?.length ?? 20) : 0;
  const rowAt = useCallback(
    (index: number): TableRow | undefined => {
      if (stale) return first.current?.rows[index];
      return page(Math.floor(index / tablePageSize))?.[index % tablePageSize];
    },
    [page, stale],
  );
  const see = useCallback((firstRow: number, lastRow: number) => {
    const range: [number, number] = [Math.floor(firstRow / tablePageSize), Math.floor((lastRow + 40) / tablePageSize)];
    setSeen((before) => (before[0] === range[0] && before[1] === range[1] ? before : range));
  }, []);
  /** The ids in order, as far as they are here. */
  const ids = useCallback((): number[] => {
    const all: number[] = [];
    for (let n = 0; n < chain.length; n++) {
      const rows = page(n);
      if (!rows) break;
      for (const row of rows) all.push(row.id);
    }
    return all;
  }, [chain.length, page]);
  /** Shows what a change has made of a row until the list is read again. */
  const patch = useCallback(
    (row: TableRow) => {
      cache.setQueriesData<TablePage>({ queryKey: [...listKeys.all, 'page'] }, (held) =>
        held?.items.some((each) => each.id === row.id)
          ? { ...held, items: held.items.map((each) => (each.id === row.id ? row : each)) }
          : held,
      );
    },
    [cache],
  );
  const failed = results.find((result) => result.isError && !result.data);
  return {
    key,
    count,
    rowAt,
    see,
    ids,
    patch,
    stale,
    pending: !begun && !stale && !failed,
    error: failed?.error ?? null,
    empty: begun !== undefined && begun.length === 0,
    refetch: () => void cache.invalidateQueries({ queryKey: listKeys.all }),
  };
}

export type Rows = ReturnType<typeof useRows>;
