import { createContext, useContext } from 'react';
import { useStore } from '@/lib/react-store';
import type { Ringer } from './ringer';
import type { PhoneState, Softphone } from './softphone';

export interface Telephone {
  softphone: Softphone;
  ringer: Ringer;
  /** Takes the phone from another tab of this browser. */
  takeOver(): void;
  devicesChanged(): void;
}

export const TelephoneContext = createContext<Telephone | null>(null);

export function useTelephone(): Telephone {
  const telephone = useContext(TelephoneContext);
  if (!telephone) throw new Error('the softphone is used outside of the signed-in application');
  return telephone;
}

export function usePhoneState(): PhoneState {
  return useStore(useTelephone().softphone.state);
}
