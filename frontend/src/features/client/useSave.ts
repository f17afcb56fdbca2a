import { useMutation, useQueryClient } from '@tanstack/react-query';
import { keepClient } from '@/api/cards';
import { clientKeys, saveClient, type ClientPart } from '@/api/clients';
import { ApiError } from '@/api/http';
import { useReport } from '@/api/react';
import type { Client } from '@/api/types';

/** Saves one part of the client; whoever was quicker is never overwritten. */
export function useSave(client: Client) {
  const cache = useQueryClient();
  const report = useReport();
  return useMutation({
    mutationFn: (part: ClientPart) => saveClient(client.id, { ...part, version: client.version }),
    onSuccess: (saved) => {
      keepClient(cache, saved);
      void cache.invalidateQueries({ queryKey: clientKeys.one(client.id) });
    },
    onError: (error) => {
      report(error);
      if (error instanceof ApiError && error.status === 409) {
        void cache.invalidateQueries({ queryKey: clientKeys.one(client.id) });
      }
    },
  });
}
