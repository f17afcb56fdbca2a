import { Select } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { searchQuery } from '@/api/clients';
import { useCan } from '@/api/react';
import type { ClientKind, NamedClient } from '@/api/types';
import { useT } from '@/lib/i18n';

const make = 'create:';

/** Another client, found by name or number; one who is missing is made on the spot. */
export function ClientPicker(props: {
  label: string;
  placeholder?: string;
  kinds: ClientKind[];
  exclude: number[];
  value: NamedClient | null;
  disabled?: boolean;
  clearable?: boolean;
  autoFocus?: boolean;
  onChoose(chosen: NamedClient | null): void;
  onCreate(kind: ClientKind, name: string): void;
  testId: string;
}) {
  const { kinds, value } = props;
  const t = useT();
  const can = useCan();
  const [typed, setTyped] = useState('');
  const word = typed.trim();
  const asked = word !== '' && word !== value?.name;
  const search = useQuery({ ...searchQuery(word), enabled: asked, placeholderData: keepPreviousData });
  const found = (asked ? (search.data?.clients ?? []) : []).filter(
    (each) => kinds.includes(each.kind as ClientKind) && !props.exclude.includes(each.id),
  );
  const option = (each: { id: number; name: string }) => ({ value: String(each.id), label: each.name });
  const data = found.map(option);
  if (value && !found.some((each) => each.id === value.id)) data.unshift(option(value));
  if (asked && can('clients.write')) {
    for (const kind of kinds) {
      data.push({
        value: make + kind,
        label: t(kind === 'person' ? 'picker.create_person' : 'picker.create_organisation', { name: word }),
      });
    }
  }
  const names = data.map((each) => each.label);
  const note = (id: string) => {
    const row = found.find((each) => String(each.id) === id);
    const twice = row && names.filter((name) => name === row.name).length > 1;
    return row ? [row.primary_phone, twice ? `#${row.id}` : ''].filter(Boolean).join(' · ') : '';
  };
  return (
    <Select
      label={props.label}
      placeholder={props.placeholder}
      searchable
      autoFocus={props.autoFocus}
      clearable={props.clearable}
      disabled={props.disabled}
      value={value ? String(value.id) : null}
      data={data}
      filter={({ options }) => options}
      onSearchChange={setTyped}
      renderOption={({ option: each }) => (
        <span className="row" style={{ width: '100%' }}>
          <span className="grow truncate">{each.label}</span>
          <span className="whisper">{note(each.value)}</span>
        </span>
      )}
      nothingFoundMessage={asked ? t('custom.nothing_found') : t('custom.search_record')}
      onChange={(next) => {
        if (next?.startsWith(make)) return props.onCreate(next.slice(make.length) as ClientKind, word);
        const row = found.find((each) => String(each.id) === next);
        if (row) props.onChoose({ id: row.id, kind: row.kind as ClientKind, name: row.name });
        else if (!next) props.onChoose(null);
      }}
      data-testid={props.testId}
    />
  );
}
