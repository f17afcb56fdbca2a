import { queryOptions, type QueryClient } from '@tanstack/react-query';
import { clientKeys } from './clients';
import { http } from './http';
import type { Address, AtHand, Card, Client, Consent, NewAddress, NewConsent, Relation, Source, Tag } from './types';

export const cardKeys = {
  one: (id: number) => [...clientKeys.one(id), 'card'] as const,
  atHand: ['clients', 'at-hand'] as const,
  tags: ['tags'] as const,
  sources: ['tags', 'sources'] as const,
};

/** Everything that the first look at a card shows. */
export const cardQuery = (id: number) =>
  queryOptions({
    queryKey: cardKeys.one(id),
    queryFn: async ({ signal, client }) => {
      const card = await http.get<Card>(`/clients/${id}/card`, undefined, signal);
      client.setQueryData(clientKeys.one(id), card.client);
      void client.invalidateQueries({ queryKey: cardKeys.atHand });
      return card;
    },
  });

/** Keeps a client that the server has just told us of, wherever it is shown. */
export function keepClient(cache: QueryClient, saved: Client): void {
  cache.setQueryData(clientKeys.one(saved.id), saved);
  cache.setQueryData<Card>(cardKeys.one(saved.id), (card) => card && { ...card, client: saved });
  void cache.invalidateQueries({ queryKey: clientKeys.lists });
}

export const atHandQuery = queryOptions({
  queryKey: cardKeys.atHand,
  queryFn: ({ signal }) => http.get<AtHand>('/clients/at-hand', undefined, signal),
});

export const tagsQuery = queryOptions({
  queryKey: cardKeys.tags,
  staleTime: 60_000,
  queryFn: async ({ signal }) => (await http.get<{ items: Tag[] }>('/tags', undefined, signal)).items,
});

export const sourcesQuery = queryOptions({
  queryKey: cardKeys.sources,
  staleTime: 60_000,
  queryFn: async ({ signal }) => (await http.get<{ items: Source[] }>('/client-sources', undefined, signal)).items,
});

export const tagClient = (id: number, tag: { tag_id: number } | { name: string; color: string }) =>
  http.post<Tag>(`/clients/${id}/tags`, tag);
export const untagClient = (id: number, tagId: number) => http.delete<undefined>(`/clients/${id}/tags/${tagId}`);
export const makeSource = (name: string) => http.post<Source>('/client-sources', { name });
export const addAddress = (id: number, address: NewAddress) => http.post<Address>(`/clients/${id}/addresses`, address);
export const saveAddress = (id: number, addressId: number, address: NewAddress) =>
  http.put<Address>(`/clients/${id}/addresses/${addressId}`, address);
export const removeAddress = (id: number, addressId: number) =>
  http.delete<Address>(`/clients/${id}/addresses/${addressId}`);
export const addConsent = (id: number, consent: NewConsent) => http.post<Consent>(`/clients/${id}/consents`, consent);
export const relate = (id: number, relation: { other_id: number; role: string; own_role: string }) =>
  http.post<Relation>(`/clients/${id}/relations`, relation);
export const unrelate = (id: number, relationId: number) =>
  http.delete<Relation>(`/clients/${id}/relations/${relationId}`);
export const pinClient = (id: number, pinned: boolean) =>
  pinned ? http.put<undefined>(`/clients/${id}/pin`, {}) : http.delete<undefined>(`/clients/${id}/pin`);
export const archiveClient = (id: number) => http.post<Client>(`/clients/${id}/archive`);
export const restoreClient = (id: number) => http.post<Client>(`/clients/${id}/restore`);
export const deleteClient = (id: number) => http.delete<undefined>(`/clients/${id}`);
