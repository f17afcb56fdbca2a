import { createContext, useContext } from 'react';
import type { Store } from '@/lib/store';
import type { LiveState } from './socket';

export const LiveContext = createContext<Store<LiveState> | null>(null);

export function useLiveStore(): Store<LiveState> {
  const store = useContext(LiveContext);
  if (!store) throw new Error('the live socket is used outside of the signed-in application');
  return store;
}
