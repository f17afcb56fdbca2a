import { useMemo, useState } from 'react';

interface Chosen {
  /** What is asked for; another question has no selection. */
  of: string;
  /** Everybody who matches, but `ids`. */
  all: boolean;
  ids: ReadonlySet<number>;
}

/** Which rows are chosen: some by hand, or all that match but some. */
export function useSelection(of: string, total: number | undefined) {
  const [held, setHeld] = useState<Chosen>({ of, all: false, ids: new Set() });
  return useMemo(() => {
    const chosen: Chosen = held.of === of ? held : { of, all: false, ids: new Set() };
    const set = (all: boolean, ids: Iterable<number>) => setHeld({ of, all, ids: new Set(ids) });
    return {
      all: chosen.all,
      ids: chosen.ids,
      count: chosen.all ? Math.max(0, (total ?? 0) - chosen.ids.size) : chosen.ids.size,
      has: (id: number) => chosen.ids.has(id) !== chosen.all,
      toggle(id: number) {
        const ids = new Set(chosen.ids);
        if (!ids.delete(id)) ids.add(id);
        set(chosen.all, ids);
      },
      /** Has these chosen, besides those that are. */
      add(more: number[]) {
        const ids = new Set(chosen.ids);
        for (const id of more) {
          if (chosen.all) ids.delete(id);
          else ids.add(id);
        }
        set(chosen.all, ids);
      },
      everything: () => set(true, []),
      clear: () => set(false, []),
    };
  }, [held, of, total]);
}

export type Selection = ReturnType<typeof useSelection>;
