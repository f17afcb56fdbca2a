import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { Queue, QueueFields, QueueState, QueueVersion, Skill } from './types';

export const queueKeys = {
  all: ['queues'] as const,
  now: ['queues', 'now'] as const,
  skills: ['skills'] as const,
  versions: (id: number) => ['queues', id, 'versions'] as const,
};

export const queuesQuery = queryOptions({
  queryKey: queueKeys.all,
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => http.get<{ items: Queue[] }>('/queues', undefined, signal).then((page) => page.items ?? []),
});

export const queuesNowQuery = queryOptions({
  queryKey: queueKeys.now,
  refetchInterval: 3000,
  queryFn: ({ signal }) =>
    http.get<{ items: QueueState[] }>('/queues/now', undefined, signal).then((page) => page.items ?? []),
});

export const versionsQuery = (id: number) =>
  queryOptions({
    queryKey: queueKeys.versions(id),
    queryFn: ({ signal }) =>
      http.get<{ items: QueueVersion[] }>(`/queues/${id}/versions`, undefined, signal).then((page) => page.items ?? []),
  });

export const skillsQuery = queryOptions({
  queryKey: queueKeys.skills,
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => http.get<{ items: Skill[] }>('/skills', undefined, signal).then((page) => page.items ?? []),
});

export const createQueue = (fields: QueueFields) => http.post<Queue>('/queues', fields);
export const saveQueue = (id: number, fields: QueueFields) => http.patch<Queue>(`/queues/${id}`, fields);
export const addSkill = (fields: Omit<Skill, 'id'>) => http.post<Skill>('/skills', fields);
export const saveSkill = (id: number, fields: Omit<Skill, 'id'>) => http.put<Skill>(`/skills/${id}`, fields);
export const removeSkill = (id: number) => http.delete(`/skills/${id}`);
