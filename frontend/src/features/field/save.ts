import { useMutation, useQueryClient } from '@tanstack/react-query';
import { changeRow, fieldKeys, setValues, type FieldChange, type Sheet } from '@/api/fields';

/** Saves values of a client, or of one of his rows, and shows what the server made of them. */
export function useSave(clientId: number, rowId = 0) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (values: FieldChange[]) => (rowId ? changeRow(clientId, rowId, values) : setValues(clientId, values)),
    onSuccess: (sheet: Sheet) => cache.setQueryData(fieldKeys.sheet(clientId), sheet),
    onError: () => void cache.invalidateQueries({ queryKey: fieldKeys.sheet(clientId) }),
  });
}

/** Has every screen ask for the definitions again. */
export function useDefsChanged(): () => Promise<void> {
  const cache = useQueryClient();
  return async () => {
    await cache.invalidateQueries({ queryKey: fieldKeys.all });
    await cache.invalidateQueries({ queryKey: fieldKeys.sheets });
  };
}
