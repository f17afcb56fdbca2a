import { ActionIcon, NumberInput, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { usersQuery } from '@/api/session';
import type { Queue } from '@/api/types';
import { useT } from '@/lib/i18n';
import { Avatar } from '@/ui/kit';
import table from '@/ui/table.module.css';

type Member = Queue['members'][number];

/** The people of a queue, in the order of the list; whoever has less penalty is asked first. */
export function Members(props: {
  members: Member[];
  linear: boolean;
  editable: boolean;
  onChange(members: Member[]): void;
}) {
  const t = useT();
  const users = useQuery(usersQuery).data ?? [];
  const { members, editable } = props;
  const name = (id: number) => users.find((user) => user.id === id)?.name ?? `#${id}`;
  const move = (from: number, to: number) => {
    const list = [...members];
    const [moved] = list.splice(from, 1);
    if (moved) props.onChange([...list.slice(0, to), moved, ...list.slice(to)]);
  };
  return (
    <div>
      {members.length > 0 && (
        <table className={table.table} data-testid="queue-members">
          <thead>
            <tr>
              <th scope="col">{t('queue.member')}</th>
              <th scope="col">{t('queue.penalty')}</th>
              <th scope="col">
                <span className="sr-only">{t('action.more')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {members.map((member, place) => (
              <tr key={member.user_id}>
                <td>
                  <span className="row">
                    <Avatar name={name(member.user_id)} size={20} /> {name(member.user_id)}
                  </span>
                </td>
                <td>
                  <NumberInput
                    size="xs"
                    w={72}
                    min={0}
                    max={100}
                    readOnly={!editable}
                    aria-label={t('queue.penalty_of', { name: name(member.user_id) })}
                    value={member.penalty ?? 0}
                    onChange={(value) =>
                      props.onChange(
                        members.map((each) => (each === member ? { ...each, penalty: Number(value) } : each)),
                      )
                    }
                  />
                </td>
                <td>
                  {editable && (
                    <>
                      {props.linear && (
                        <>
                          <ActionIcon
                            variant="subtle"
                            color="gray"
                            disabled={place === 0}
                            aria-label={t('queue.earlier', { name: name(member.user_id) })}
                            onClick={() => move(place, place - 1)}
                          >
                            <ArrowUp size={14} />
                          </ActionIcon>
                          <ActionIcon
                            variant="subtle"
                            color="gray"
                            disabled={place === members.length - 1}
                            aria-label={t('queue.later', { name: name(member.user_id) })}
                            onClick={() => move(place, place + 1)}
                          >
                            <ArrowDown size={14} />
                          </ActionIcon>
                        </>
                      )}
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={t('queue.remove_member', { name: name(member.user_id) })}
                        onClick={() => props.onChange(members.filter((each) => each !== member))}
                      >
                        <X size={14} />
                      </ActionIcon>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editable && (
        <Select
          mt={8}
          searchable
          aria-label={t('queue.add_member')}
          placeholder={members.length === 0 ? t('queue.no_members') : t('queue.add_member')}
          value={null}
          onChange={(id) => id && props.onChange([...members, { user_id: Number(id) }])}
          data={users
            .filter((user) => user.active && !members.some((member) => member.user_id === user.id))
            .map((user) => ({ value: String(user.id), label: user.name }))}
          data-testid="queue-add-member"
        />
      )}
    </div>
  );
}
