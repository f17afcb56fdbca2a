import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Webhook = Schemas['Webhook'];
export type WebhookDraft = Omit<Schemas['WebhookDraft'], '$schema'>;
export type Delivery = Schemas['Delivery'];

export const webhookKeys = {
  all: ['webhooks'] as const,
  list: ['webhooks', 'list'] as const,
  deliveries: (id: number) => ['webhooks', 'deliveries', id] as const,
};

export const webhooksQuery = queryOptions({
  queryKey: webhookKeys.list,
  queryFn: ({ signal }) => http.get<{ items: Webhook[]; kinds: string[] }>('/webhooks', undefined, signal),
});

const pageSize = 50;

/** The log of a webhook; while something is on its way it is read again. */
export const deliveriesQuery = (id: number) =>
  infiniteQueryOptions({
    queryKey: webhookKeys.deliveries(id),
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      http
        .get<{ items: Delivery[] }>(
          `/webhooks/${id}/deliveries`,
          { before: pageParam || undefined, limit: pageSize },
          signal,
        )
        .then((page) => page.items ?? []),
    getNextPageParam: (last) => (last.length === pageSize ? last.at(-1)?.id : undefined),
    refetchInterval: (query) =>
      query.state.data?.pages.some((page) => page.some((each) => each.state === 'waiting')) ? 2000 : 15_000,
  });

export const addWebhook = (draft: WebhookDraft) => http.post<{ webhook: Webhook; secret: string }>('/webhooks', draft);
export const changeWebhook = (id: number, draft: WebhookDraft) => http.patch<Webhook>(`/webhooks/${id}`, draft);
export const removeWebhook = (id: number) => http.delete<undefined>(`/webhooks/${id}`);
export const renewSecret = (id: number) =>
  http.post<{ secret: string }>(`/webhooks/${id}/secret`).then((body) => body.secret);
export const testWebhook = (id: number) => http.post<Delivery>(`/webhooks/${id}/test`);
export const replayDelivery = (id: number) => http.post<Delivery>(`/webhook-deliveries/${id}/replay`);
