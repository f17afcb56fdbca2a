import { Select, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type KeyboardEvent } from 'react';
import { saveClient } from '@/api/clients';
import type { TableRow } from '@/api/clientlist';
import { useErrorText } from '@/api/react';
import type { Client, FieldInfo, User } from '@/api/types';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import type { Words } from './words';

/** The product's own fields that are changed in their cell. */
export const editableKeys = ['name', 'responsible', 'language', 'kind'];

type Part = Partial<Pick<Client, 'name' | 'language' | 'kind'>> & { responsible_id?: number | null };

function partOf(key: string, value: string): Part {
  switch (key) {
    case 'responsible':
      return { responsible_id: value ? Number(value) : null };
    case 'language':
      return { language: value };
    case 'kind':
      return { kind: value as Client['kind'] };
    default:
      return { name: value };
  }
}

/** What a row becomes when the server has taken a change. */
function rowOf(row: TableRow, key: string, client: Client): TableRow {
  const cells: Record<string, unknown> = { ...row.cells };
  if (key in cells) {
    cells[key] =
      key === 'responsible'
        ? (client.responsible_id ?? null)
        : key === 'language'
          ? client.language || null
          : client[key as 'name'];
  }
  return { ...row, name: client.name, kind: client.kind, version: client.version, cells };
}

/** Changes one value of a client where it stands. */
export function CellEditor(props: {
  info: FieldInfo;
  row: TableRow;
  users: User[];
  words: Words;
  onChanged(row: TableRow): void;
  onDone(moved: boolean): void;
}) {
  const { info, row, onChanged, onDone } = props;
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const held = info.key === 'name' ? row.name : String(row.cells[info.key] ?? '');
  const [typed, setTyped] = useState(held);
  const save = useMutation({
    mutationFn: (value: string) => saveClient(row.id, { version: row.version, ...partOf(info.key, value) } as never),
    onSuccess: (client) => {
      const changed = rowOf(row, info.key, client);
      onChanged(changed);
      onDone(true);
      toast.done(t('list.changed', { field: props.words.field(info), name: client.name }), () => {
        saveClient(row.id, { version: client.version, ...partOf(info.key, held) } as never)
          .then((back) => onChanged(rowOf(changed, info.key, back)))
          .catch((error: unknown) => toast.failed(errorText(error)));
      });
    },
  });
  const keep = (value: string) => {
    if (save.isPending) return;
    if (value.trim() === held) return onDone(false);
    save.mutate(value.trim());
  };
  const error = save.isError ? errorText(save.error) : undefined;
  if (info.key === 'name') {
    const keys = (event: KeyboardEvent) => {
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        onDone(false);
      } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
        event.preventDefault();
        event.stopPropagation();
        keep(typed);
      } else {
        event.stopPropagation();
      }
    };
    return (
      <TextInput
        aria-label={props.words.field(info)}
        autoFocus
        value={typed}
        maxLength={200}
        error={error}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={keys}
        onBlur={() => keep(typed)}
        className="grow"
        data-testid="cell-input"
      />
    );
  }
  const data =
    info.key === 'responsible'
      ? props.users
          .filter((user) => user.active || String(user.id) === held)
          .map((user) => ({ value: String(user.id), label: user.name }))
      : info.choices.map((word) => ({ value: word, label: props.words.choice(info, word) }));
  return (
    <Select
      aria-label={props.words.field(info)}
      autoFocus
      defaultDropdownOpened
      onFocus={(event) => event.currentTarget.select()}
      searchable
      clearable={info.key !== 'kind'}
      value={held || null}
      data={data}
      error={error}
      onChange={(value) => keep(value ?? '')}
      onDropdownClose={() => !save.isPending && !save.isError && onDone(false)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Escape') onDone(false);
      }}
      className="grow"
      data-testid="cell-input"
    />
  );
}
