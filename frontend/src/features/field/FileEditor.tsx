import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { clientFilesQuery } from '@/api/fields';
import { useT } from '@/lib/i18n';
import type { EditorProps } from './Editor';

/** One of the client's files. */
export function FileEditor(props: EditorProps) {
  const { field, stored } = props;
  const t = useT();
  const files = useQuery(clientFilesQuery(props.clientId)).data?.items ?? [];
  const data = files.map((file) => ({ value: String(file.id), label: file.name }));
  if (stored?.value && !data.some((each) => each.value === stored.value)) {
    data.unshift({ value: stored.value, label: stored.label ?? stored.value });
  }
  return (
    <Select
      aria-label={field.label}
      autoFocus
      defaultDropdownOpened
      searchable
      clearable={!field.options.required}
      value={props.value || null}
      data={data}
      nothingFoundMessage={t('custom.no_files')}
      error={props.error}
      onChange={(value) => props.onCommit(value ?? '')}
      onDropdownClose={props.onCancel}
      onKeyDown={(event) => event.key === 'Escape' && props.onCancel()}
      data-testid="field-input"
    />
  );
}
