import { createContext, useContext, useMemo } from 'react';
import { useCode } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { ApiError, errorCode } from './http';
import type { Me, Permission } from './types';

export const MeContext = createContext<Me | null>(null);

/** The person signed in; only screens behind the login ask. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('this screen stands outside of the login');
  return me;
}

export function useCan(): (permission: Permission) => boolean {
  const { permissions } = useMe();
  return useMemo(() => {
    const held = new Set(permissions);
    return (permission) => held.has(permission);
  }, [permissions]);
}

/** What went wrong, in the reader's words. */
export function useErrorText(): (error: unknown) => string {
  const code = useCode();
  return useMemo(
    () => (error) => {
      const name = errorCode(error);
      const known = code('error', name);
      const plain = name.replaceAll('_', ' ');
      if (known !== plain) return known;
      return error instanceof ApiError && error.detail ? error.detail : code('error', 'unexpected');
    },
    [code],
  );
}

/** Says it in a corner of the screen. */
export function useReport(): (error: unknown) => void {
  const text = useErrorText();
  const toast = useToast();
  return useMemo(() => (error) => toast.failed(text(error)), [text, toast]);
}
