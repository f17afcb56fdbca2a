import { Select } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { createTerm, dictionariesQuery, fieldKeys } from '@/api/fields';
import { useCan, useReport } from '@/api/react';
import { useT } from '@/lib/i18n';
import type { EditorProps } from './Editor';

const make = 'create';

/** A choice by typing; what the dictionary lacks is added on the spot. */
export function ChoiceEditor(props: EditorProps) {
  const { field, stored } = props;
  const t = useT();
  const can = useCan();
  const cache = useQueryClient();
  const report = useReport();
  const dictionary = useQuery(dictionariesQuery).data?.find((each) => each.id === field.options.dictionary_id);
  const [typed, setTyped] = useState('');
  const word = typed.trim();
  const terms = (dictionary?.terms ?? []).filter((term) => !term.archived_at || String(term.id) === props.value);
  const known = terms.some((term) => term.label.toLocaleLowerCase() === word.toLocaleLowerCase());
  const data = terms.map((term) => ({ value: String(term.id), label: term.label }));
  // The entries may come after the first keystrokes, which they must not replace.
  if (stored?.value && !data.some((each) => each.value === stored.value)) {
    data.unshift({ value: stored.value, label: stored.label ?? stored.value });
  }
  if (word && !known && dictionary && can('clients.write')) {
    data.push({ value: make, label: t('custom.create_term', { label: word }) });
  }
  const choose = async (value: string | null) => {
    if (value !== make) return props.onCommit(value ?? '');
    try {
      const term = await createTerm(field.options.dictionary_id ?? 0, word);
      await cache.invalidateQueries({ queryKey: fieldKeys.dictionaries });
      props.onCommit(String(term.id));
    } catch (error) {
      report(error);
    }
  };
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
      limit={100}
      onSearchChange={setTyped}
      filter={({ options, search }) => {
        const part = search.trim().toLocaleLowerCase();
        return options.filter(
          (option) => 'value' in option && (option.value === make || option.label.toLocaleLowerCase().includes(part)),
        );
      }}
      nothingFoundMessage={t('custom.no_terms')}
      error={props.error}
      onChange={(value) => void choose(value)}
      onDropdownClose={props.onCancel}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
      data-testid="field-input"
    />
  );
}
