import { queryOptions } from '@tanstack/react-query';
import { ApiError, http } from './http';
import type { Firm, Me, Preferences, User } from './types';

export const sessionKeys = { me: ['session'] as const, users: ['users'] as const };

export const sessionQuery = queryOptions({
  queryKey: sessionKeys.me,
  staleTime: Infinity,
  retry: (count, error) => !(error instanceof ApiError && error.status === 401) && count < 5,
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await http.get<Me>('/session', undefined, signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
});

export const usersQuery = queryOptions({
  queryKey: sessionKeys.users,
  staleTime: 5 * 60_000,
  queryFn: ({ signal }) => http.get<{ items: User[] }>('/users', undefined, signal).then((page) => page.items ?? []),
});

export interface NewUser {
  login: string;
  name: string;
  roles: string[];
  locale: string;
  phone_kind: string;
  password: string;
  must_change_password: boolean;
}

export const signIn = (login: string, password: string, code?: string) =>
  http.post<Me>('/session', { login, password, ...(code ? { code } : {}) });
export const signOut = () => http.delete<undefined>('/session');
export const savePreferences = (part: Preferences) => http.patch<Me>('/session/preferences', part);
export const saveFirm = (part: Partial<Firm>) => http.patch<Firm>('/firm', part);
export const createUser = (user: NewUser) => http.post<User>('/users', user);
export const saveUser = (id: number, part: Partial<User>) => http.patch<User>(`/users/${id}`, part);
export const setPassword = (id: number, password: string, change: boolean) =>
  http.post<undefined>(`/users/${id}/password`, { password, must_change: change });
