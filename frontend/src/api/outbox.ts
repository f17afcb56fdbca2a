import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { OutboxEntry } from './types';

export const outboxQuery = queryOptions({
  queryKey: ['messages', 'outbox'],
  refetchInterval: 4000,
  queryFn: ({ signal }) =>
    http.get<{ items: OutboxEntry[] | null; loopback: boolean }>('/message-outbox', undefined, signal),
});

export const replyAsClient = (reply: { from: string; to: string; body: string }) =>
  http.post<undefined>('/message-outbox/reply', reply);
