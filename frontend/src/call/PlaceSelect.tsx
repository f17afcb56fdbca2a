import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { usersQuery } from '@/api/session';
import type { Queue, QueuePlace } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';

/** A place that callers can be sent to. */
export function PlaceSelect<P extends Pick<QueuePlace, 'id'> & { kind: string }>(props: {
  label: string;
  place: P;
  queues: Queue[];
  kinds: P['kind'][];
  editable: boolean;
  visible?: boolean;
  onChange(place: P): void;
}) {
  const t = useT();
  const code = useCode();
  const users = useQuery(usersQuery).data ?? [];
  const plain = props.kinds.filter((kind) => kind !== 'queue' && kind !== 'user');
  const groups = [
    {
      group: t('queue.place.queues'),
      items: props.queues.map((queue) => ({ value: `queue:${queue.id}`, label: queue.name })),
    },
    {
      group: t('queue.place.other'),
      items: plain.map((kind) => ({ value: `${kind}:0`, label: code('queue.place', kind) })),
    },
    {
      group: t('queue.place.people'),
      items: users.filter((user) => user.active).map((user) => ({ value: `user:${user.id}`, label: user.name })),
    },
  ];
  return (
    <Select
      className="grow"
      searchable
      allowDeselect={false}
      {...(props.visible ? { label: props.label } : { 'aria-label': props.label })}
      disabled={!props.editable}
      value={`${props.place.kind}:${props.place.id ?? 0}`}
      onChange={(value) => {
        const [kind, id] = (value ?? '').split(':');
        if (kind) props.onChange({ kind, ...(Number(id) ? { id: Number(id) } : {}) } as P);
      }}
      data={groups}
      data-testid="place-select"
    />
  );
}
