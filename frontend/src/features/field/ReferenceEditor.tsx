import { Select } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { searchQuery } from '@/api/clients';
import { usersQuery } from '@/api/session';
import { useT } from '@/lib/i18n';
import type { EditorProps } from './Editor';

/** Another record, found by typing its name or a number. */
export function ReferenceEditor(props: EditorProps) {
  const { field, stored } = props;
  const t = useT();
  const [typed, setTyped] = useState('');
  const { refers } = field.options;
  const users = useQuery({ ...usersQuery, enabled: refers === 'user' }).data ?? [];
  const word = typed.trim();
  const search = {
    ...searchQuery(word),
    enabled: refers !== 'user' && word.length > 0,
    placeholderData: keepPreviousData,
  };
  const found = useQuery(search).data;
  let data = users.map((user) => ({ value: String(user.id), label: user.name }));
  if (refers === 'client') data = (found?.clients ?? []).map((each) => ({ value: String(each.id), label: each.name }));
  if (refers === 'lead') {
    data = (found?.leads ?? []).map((lead) => ({
      value: String(lead.id),
      label: `#${lead.id} ${lead.client_name || lead.caller_name || lead.number_display}`,
    }));
  }
  if (stored?.value && !data.some((each) => each.value === stored.value)) {
    data = [{ value: stored.value, label: stored.label ?? stored.value }, ...data];
  }
  // Two of one name stay two, each told by its number.
  const names = data.map((each) => each.label);
  data = data.map((each) =>
    names.filter((name) => name === each.label).length > 1 ? { ...each, label: `${each.label} · ${each.value}` } : each,
  );
  return (
    <Select
      aria-label={field.label}
      autoFocus
      onFocus={(event) => event.currentTarget.select()}
      defaultDropdownOpened
      searchable
      clearable={!field.options.required}
      value={props.value || null}
      data={data}
      onSearchChange={setTyped}
      filter={refers === 'user' ? undefined : ({ options }) => options}
      placeholder={t('custom.search_record')}
      nothingFoundMessage={word || refers === 'user' ? t('custom.nothing_found') : t('custom.search_record')}
      error={props.error}
      onChange={(value) => props.onCommit(value ?? '')}
      onDropdownClose={props.onCancel}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
      data-testid="field-input"
    />
  );
}
