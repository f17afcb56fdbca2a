import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Session = Schemas['Session'];
export type Token = Schemas['Token'];
export type Enrolment = Schemas['Enrolment'];

export const securityKeys = {
  mine: ['security', 'sessions', 'mine'] as const,
  sessions: ['security', 'sessions', 'all'] as const,
  second: ['security', 'second'] as const,
  myTokens: ['security', 'tokens', 'mine'] as const,
  tokens: ['security', 'tokens', 'all'] as const,
};

interface SessionPage {
  items: Session[];
  next?: number;
}

/** Everybody's browsers, page by page, newest first. */
async function allSessions(signal: AbortSignal): Promise<Session[]> {
  const all: Session[] = [];
  for (let before: number | undefined; ;) {
    const page = await http.get<SessionPage>('/sessions', { before, limit: 200 }, signal);
    all.push(...(page.items ?? []));
    if (!page.next) return all;
    before = page.next;
  }
}

export const mySessionsQuery = queryOptions({
  queryKey: securityKeys.mine,
  queryFn: ({ signal }) => http.get<SessionPage>('/my/sessions', undefined, signal).then((page) => page.items ?? []),
});

export const sessionsQuery = queryOptions({
  queryKey: securityKeys.sessions,
  refetchInterval: 60_000,
  queryFn: ({ signal }) => allSessions(signal),
});

export const secondFactorQuery = queryOptions({
  queryKey: securityKeys.second,
  queryFn: ({ signal }) =>
    http.get<{ enabled: boolean; required: boolean; recovery_codes_left: number }>(
      '/my/second-factor',
      undefined,
      signal,
    ),
});

export const tokensQuery = (everybody: boolean) =>
  queryOptions({
    queryKey: everybody ? securityKeys.tokens : securityKeys.myTokens,
    queryFn: ({ signal }) =>
      http
        .get<{ items: Token[] }>(everybody ? '/tokens' : '/my/tokens', undefined, signal)
        .then((page) => page.items ?? []),
  });

export const endMySession = (id: number) => http.delete<undefined>(`/my/sessions/${id}`);
export const endMyOthers = () => http.delete<undefined>('/my/sessions');
export const endSession = (id: number) => http.delete<undefined>(`/sessions/${id}`);
export const endUserSessions = (user: number) => http.delete<undefined>(`/users/${user}/sessions`);

export const changePassword = (current: string, password: string) =>
  http.post<undefined>('/my/password', { current, password });
export const beginSecondFactor = () => http.post<Enrolment>('/my/second-factor');
export const confirmSecondFactor = (code: string) =>
  http.post<{ recovery_codes: string[] }>('/my/second-factor/confirm', { code }).then((body) => body.recovery_codes);
export const renewRecoveryCodes = () =>
  http.post<{ recovery_codes: string[] }>('/my/second-factor/recovery-codes').then((body) => body.recovery_codes);
export const removeSecondFactor = () => http.delete<undefined>('/my/second-factor');
export const resetSecondFactor = (user: number) => http.delete<undefined>(`/users/${user}/second-factor`);

export const addToken = (token: { name: string; scopes: string[]; expires_in_days: number }) =>
  http.post<{ secret: string; token: Token }>('/my/tokens', token);
export const revokeToken = (id: number, mine: boolean) =>
  http.delete<undefined>(mine ? `/my/tokens/${id}` : `/tokens/${id}`);
export const prove = (proof: { password?: string; code?: string }) => http.post<undefined>('/session/proof', proof);
