import { useQuery } from '@tanstack/react-query';
import { rolesQuery, type Role } from '@/api/roles';
import { useCode } from '@/lib/i18n';

/** What a role is called: its own name, else the word of the program for it. */
export function useRoleName(): (role: Pick<Role, 'key' | 'name'> | string) => string {
  const code = useCode();
  const book = useQuery(rolesQuery).data;
  return (role) => {
    const key = typeof role === 'string' ? role : role.key;
    const name = typeof role === 'string' ? book?.items.find((each) => each.key === role)?.name : role.name;
    return name || code('role', key);
  };
}
