import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Scope = 'none' | 'own' | 'team' | 'all';
export type Mask = 'shown' | 'masked' | 'hidden';
export type Verb = 'create' | 'read' | 'change' | 'delete' | 'export';
export type Records = Record<string, Partial<Record<Verb, Scope>>>;

/** A role, what it gives, and who has it. */
export interface Role {
  key: string;
  name: string;
  builtin: boolean;
  edited: boolean;
  records: Records;
  rights: string[];
  fields: Record<string, Mask>;
  user_ids: number[];
}

export interface RoleBook {
  items: Role[];
  kinds: { entity: string; verbs: Verb[] }[];
  rights: string[];
  fields: string[];
}

export interface RoleChange {
  name?: string;
  records?: Records;
  rights?: string[];
  fields?: Record<string, Mask>;
}

export type Team = Schemas['UserTeam'];
export type Deputy = Schemas['Deputy'];
export type Reason = Schemas['Reason'];
export type Why = Omit<Schemas['Why'], 'may' | 'scope'> & { may: Partial<Record<Verb, boolean>>; scope: Scope };

export const roleKeys = { roles: ['roles'] as const, teams: ['teams'] as const, deputies: ['deputies'] as const };

export const rolesQuery = queryOptions({
  queryKey: roleKeys.roles,
  staleTime: 60_000,
  queryFn: ({ signal }) => http.get<RoleBook>('/roles', undefined, signal),
});

export const teamsQuery = queryOptions({
  queryKey: roleKeys.teams,
  staleTime: 60_000,
  queryFn: ({ signal }) => http.get<{ items: Team[] }>('/teams', undefined, signal).then((page) => page.items),
});

export const deputiesQuery = (userId: number) =>
  queryOptions({
    queryKey: [...roleKeys.deputies, userId],
    queryFn: ({ signal }) =>
      http.get<{ items: Deputy[] }>('/deputies', { user_id: userId }, signal).then((page) => page.items),
  });

export const whyQuery = (entity: 'client' | 'lead', id: number, userId: number) =>
  queryOptions({
    queryKey: ['why', entity, id, userId],
    staleTime: 0,
    queryFn: ({ signal }) => http.get<Why>('/why', { entity, id, user_id: userId }, signal),
  });

export const addRole = (name: string, from: string) => http.post<Role>('/roles', { name, from });
export const saveRole = (key: string, change: RoleChange) => http.patch<Role>(`/roles/${key}`, change);
export const resetRole = (key: string) => http.post<Role>(`/roles/${key}/reset`);
export const removeRole = (key: string) => http.delete<undefined>(`/roles/${key}`);

export interface TeamFields {
  name: string;
  parent_id: number | null;
  member_ids: number[];
}
export const addTeam = (team: TeamFields) => http.post<Team>('/teams', team);
export const saveTeam = (id: number, team: TeamFields) => http.put<Team>(`/teams/${id}`, team);
export const removeTeam = (id: number) => http.delete<undefined>(`/teams/${id}`);

export interface NewDeputy {
  user_id: number;
  deputy_id: number;
  starts_at: string;
  ends_at: string;
}
export const addDeputy = (deputy: NewDeputy) => http.post<Deputy>('/deputies', deputy);
export const removeDeputy = (id: number) => http.delete<undefined>(`/deputies/${id}`);
