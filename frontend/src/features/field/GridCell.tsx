import { useEffect } from 'react';
import type { CustomField, FieldValue } from '@/api/fields';
import { useErrorText } from '@/api/react';
import { useDraft } from '@/lib/draft';
import { Editor } from './Editor';
import css from './field.module.css';
import { isNumeric } from './looks';
import { useSave } from './save';
import { Value } from './Value';

/** One cell of a table. What is typed outlives the cell until it is kept or given up. */
export function GridCell(props: {
  clientId: number;
  rowId: number;
  field: CustomField;
  stored: FieldValue | undefined;
  place: string;
  current: boolean;
  editing: boolean;
  editable: boolean;
  onPick(): void;
  onEdit(): void;
  onDone(moved: boolean): void;
}) {
  const { clientId, rowId, field, stored } = props;
  const errorText = useErrorText();
  const held = stored?.value ?? '';
  const draft = useDraft<{ value: string; was: string } | null>(`client.${clientId}.row.${rowId}.${field.id}`, null);
  const save = useSave(clientId, rowId);
  const editable = props.editable && !stored?.hidden;
  const editing = props.editing && editable;
  const { onDone } = props;
  useEffect(() => {
    if (props.editing && !editable) onDone(false);
  }, [props.editing, editable, onDone]);
  const close = (moved: boolean) => {
    draft.clear();
    save.reset();
    onDone(moved);
  };
  const keep = (value: string) => {
    if (save.isPending) return;
    if (value === held) return close(draft.value !== null);
    save.mutate([{ field_id: field.id, value, was: draft.value?.was ?? held }], { onSuccess: () => close(true) });
  };
  return (
    <span
      role="gridcell"
      className={css.cell}
      data-place={props.place}
      data-numeric={isNumeric(field) || undefined}
      data-draft={(draft.dirty && !editing) || undefined}
      tabIndex={props.current ? 0 : -1}
      aria-readonly={!editable || undefined}
      onFocus={props.onPick}
      onDoubleClick={() => editable && props.onEdit()}
      onClick={() => editable && props.current && !editing && props.onEdit()}
      data-testid="table-cell"
      data-field={field.label}
    >
      {editing ? (
        <Editor
          clientId={clientId}
          field={field}
          stored={stored}
          value={draft.value?.value ?? held}
          error={save.isError ? errorText(save.error) : undefined}
          onChange={(value) => draft.set({ value, was: draft.value?.was ?? held })}
          onCommit={(given) => keep(given ?? draft.value?.value ?? held)}
          onCancel={() => !save.isPending && close(false)}
        />
      ) : (
        <Value field={field} value={stored} clientId={clientId} />
      )}
    </span>
  );
}
