import { useCallback, useEffect, useRef, useState } from 'react';
import { localStore, readJSON } from './storage';

const prefix = 'centralita.draft.';
const keepForMs = 30 * 24 * 3600 * 1000;
const unsaved = new Map<string, number>();

interface Kept<T> {
  at: number;
  value: T;
}

/** Reports whether a form on the screen holds text that nobody saved yet. */
export function hasUnsavedInput(): boolean {
  return unsaved.size > 0;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function load<T>(key: string, empty: T): T {
  const kept = readJSON<Kept<T> | null>(localStore.get(prefix + key), null);
  return kept && typeof kept.at === 'number' ? kept.value : empty;
}

function save<T>(key: string, value: T, empty: T): void {
  if (same(value, empty)) localStore.remove(prefix + key);
  else localStore.set(prefix + key, JSON.stringify({ at: Date.now(), value }));
}

export interface Draft<T> {
  value: T;
  set(next: T | ((current: T) => T)): void;
  patch(part: Partial<T>): void;
  clear(): void;
  dirty: boolean;
}

/**
 * Form input that outlives its form: kept in this browser under the entity it
 * belongs to, from the first keystroke until `clear`. A reload, a navigation,
 * a screen pop and a failed save all leave it as it was.
 */
export function useDraft<T>(key: string, empty: T): Draft<T> {
  const [state, setState] = useState(() => ({ key, value: load(key, empty) }));
  const emptyRef = useRef(empty);
  emptyRef.current = empty;
  const current = state.key === key ? state.value : load(key, empty);

  const set = useCallback(
    (next: T | ((current: T) => T)) => {
      setState((before) => {
        const base = before.key === key ? before.value : load(key, emptyRef.current);
        const value = typeof next === 'function' ? (next as (current: T) => T)(base) : next;
        save(key, value, emptyRef.current);
        return { key, value };
      });
    },
    [key],
  );
  const patch = useCallback((part: Partial<T>) => set((before) => ({ ...before, ...part })), [set]);
  const clear = useCallback(() => set(emptyRef.current), [set]);

  const dirty = !same(current, empty);
  useEffect(() => {
    if (!dirty) return;
    unsaved.set(key, (unsaved.get(key) ?? 0) + 1);
    return () => {
      const left = (unsaved.get(key) ?? 1) - 1;
      if (left > 0) unsaved.set(key, left);
      else unsaved.delete(key);
    };
  }, [key, dirty]);

  return { value: current, set, patch, clear, dirty };
}

/** Drops drafts that nobody came back to for a month. */
export function sweepDrafts(now: number = Date.now()): void {
  try {
    for (const name of Object.keys(window.localStorage)) {
      if (!name.startsWith(prefix)) continue;
      const kept = readJSON<Kept<unknown> | null>(localStore.get(name), null);
      if (!kept || now - kept.at > keepForMs) localStore.remove(name);
    }
  } catch {
    // Without storage there are no drafts to sweep.
  }
}
