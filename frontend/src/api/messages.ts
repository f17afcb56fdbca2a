import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Message, MessageTemplate, Page } from './types';

export interface MessageFilter {
  client_id?: number;
  state?: string;
  direction?: string;
}

export const messageKeys = {
  all: ['messages'] as const,
  list: (filter: MessageFilter) => ['messages', filter] as const,
  templates: ['message-templates'] as const,
};

export const messagesQuery = (filter: MessageFilter) =>
  infiniteQueryOptions({
    queryKey: messageKeys.list(filter),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => http.get<Page<Message>>('/messages', { ...filter, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

export const templatesQuery = queryOptions({
  queryKey: messageKeys.templates,
  staleTime: 60_000,
  queryFn: ({ signal }) =>
    http.get<{ items: MessageTemplate[] }>('/message-templates', undefined, signal).then((page) => page.items ?? []),
});

export interface NewMessage {
  client_id?: number;
  lead_id?: number;
  to: string;
  body: string;
  line_id?: number;
}
export type TemplateFields = Pick<MessageTemplate, 'key' | 'locale' | 'title' | 'body'>;

export const sendMessage = (message: NewMessage) => http.post<Message>('/messages', message);
export const resendMessage = (id: number) => http.post<Message>(`/messages/${id}/resend`);
export const cancelMessage = (id: number) => http.post<Message>(`/messages/${id}/cancel`);
export const createTemplate = (fields: TemplateFields) => http.post<MessageTemplate>('/message-templates', fields);
export const saveTemplate = (id: number, fields: Partial<TemplateFields>) =>
  http.patch<MessageTemplate>(`/message-templates/${id}`, fields);
export const removeTemplate = (id: number) => http.delete<undefined>(`/message-templates/${id}`);
export const previewTemplate = (id: number, clientId: number) =>
  http.post<{ text: string }>(`/message-templates/${id}/preview`, { client_id: clientId });
