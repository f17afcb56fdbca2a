import { infiniteQueryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { NewReminder, Page, Reminder } from './types';

export interface ReminderFilter {
  client_id?: number;
  mine?: boolean;
  state?: string;
}

export const reminderKeys = {
  all: ['reminders'] as const,
  list: (filter: ReminderFilter) => ['reminders', filter] as const,
};

export const remindersQuery = (filter: ReminderFilter) =>
  infiniteQueryOptions({
    queryKey: reminderKeys.list(filter),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      http.get<Page<Reminder>>('/reminders', { ...filter, cursor: pageParam }, signal),
    getNextPageParam: (last) => last.next || undefined,
  });

export const createReminder = (reminder: NewReminder) => http.post<Reminder>('/reminders', reminder);
export const cancelReminder = (id: number) => http.delete<Reminder | undefined>(`/reminders/${id}`);
export const finishReminder = (id: number) => http.post<Reminder>(`/reminders/${id}/done`);
