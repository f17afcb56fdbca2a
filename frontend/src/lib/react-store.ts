import { useSyncExternalStore } from 'react';
import type { Store } from './store';

/** Reads a store and repaints when it changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
