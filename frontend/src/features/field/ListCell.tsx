import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { sectionsQuery, setValues, sheetQuery, type CustomField, type Sheet } from '@/api/fields';
import { useErrorText } from '@/api/react';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Editor } from './Editor';
import { useSave } from './save';

const idOf = (key: string) => (key.startsWith('custom.') ? Number(key.slice('custom.'.length)) : 0);

/** The fields of a client himself that a list can change, by their key. */
export function useListFields(): Map<string, CustomField> {
  const sections = useQuery(sectionsQuery).data ?? [];
  const fields = sections.filter((each) => each.kind === 'fields').flatMap((each) => each.fields);
  return new Map(
    fields
      .filter((field) => field.type !== 'formula' && field.type !== 'file' && !field.masked)
      .map((field) => [`custom.${field.id}`, field]),
  );
}

/** Changes a field of the firm's own in a list. The exact value is asked for first: a list shows what people read. */
export function ListCell(props: {
  clientId: number;
  fieldKey: string;
  field: CustomField;
  name: string;
  onDone(changed: boolean): void;
}) {
  const sheet = useQuery({ ...sheetQuery(props.clientId), staleTime: 0 });
  if (!sheet.data || sheet.isFetching) return <span className="whisper">…</span>;
  return <LoadedCell {...props} sheet={sheet.data} />;
}

function LoadedCell(props: {
  clientId: number;
  fieldKey: string;
  field: CustomField;
  name: string;
  sheet: Sheet;
  onDone(changed: boolean): void;
}) {
  const { clientId, field, onDone } = props;
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const save = useSave(clientId);
  const [stored] = useState(() =>
    props.sheet.values.find((value) => value.field_id === idOf(props.fieldKey) && !value.row_id),
  );
  const held = stored?.value ?? '';
  const [typed, setTyped] = useState(held);
  const keep = (value: string) => {
    if (save.isPending) return;
    if (value === held) return onDone(false);
    save.mutate([{ field_id: field.id, value, was: held }], {
      onSuccess: (sheet) => {
        const now = sheet.values.find((each) => each.field_id === field.id && !each.row_id)?.value ?? '';
        onDone(true);
        toast.done(t('list.changed', { field: field.label, name: props.name }), () => {
          setValues(clientId, [{ field_id: field.id, value: held, was: now }])
            .then(() => onDone(true))
            .catch((error: unknown) => toast.failed(errorText(error)));
        });
      },
    });
  };
  return (
    <span className="grow" onKeyDown={(event) => event.stopPropagation()} role="presentation">
      <Editor
        clientId={clientId}
        field={field}
        stored={stored}
        value={typed}
        error={save.isError ? errorText(save.error) : undefined}
        onChange={setTyped}
        onCommit={(given) => keep(given ?? typed)}
        onCancel={() => !save.isPending && onDone(false)}
      />
    </span>
  );
}
