import { Button } from '@mantine/core';
import { Pencil } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';
import type { CustomField, CustomSection, FieldValue, Sheet } from '@/api/fields';
import { ApiError } from '@/api/http';
import { useErrorText } from '@/api/react';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { Editor } from './Editor';
import css from './field.module.css';
import { fieldIcons, isNumeric } from './looks';
import { useSave } from './save';
import { Value } from './Value';

/** The fields of a section: each is changed where it stands. */
export function FieldList(props: { clientId: number; section: CustomSection; sheet: Sheet; editable: boolean }) {
  return (
    <div className={css.list}>
      {props.section.fields.map((field) => (
        <FieldLine
          key={field.id}
          clientId={props.clientId}
          field={field}
          stored={props.sheet.values.find((value) => value.field_id === field.id && !value.row_id)}
          editable={props.editable && field.type !== 'formula' && !field.masked}
        />
      ))}
    </div>
  );
}

function FieldLine(props: { clientId: number; field: CustomField; stored: FieldValue | undefined; editable: boolean }) {
  const { clientId, field, stored } = props;
  const t = useT();
  const errorText = useErrorText();
  const held = stored?.value ?? '';
  const draft = useDraft<{ value: string; was: string } | null>(`client.${clientId}.field.${field.id}`, null);
  const [editing, setEditing] = useState(draft.dirty);
  const save = useSave(clientId);
  const editable = props.editable && !stored?.hidden;
  const Icon = fieldIcons[field.type];
  const close = () => {
    draft.clear();
    save.reset();
    setEditing(false);
  };
  const keep = (value: string, was?: string) => {
    if (save.isPending) return;
    if (value === held && was !== undefined) return close();
    save.mutate([{ field_id: field.id, value, ...(was === undefined ? {} : { was }) }], { onSuccess: close });
  };
  const conflict = save.error instanceof ApiError && save.error.code === 'value_changed';
  const begin = () => editable && setEditing(true);
  return (
    <div className={css.line} data-testid="field-line" data-field={field.label}>
      <span className={css.label} id={`field-${field.id}`}>
        <Icon size={13} aria-hidden />
        <span className="truncate" title={field.label}>
          {field.label}
        </span>
        {field.options.required && <span title={t('custom.required')}>*</span>}
      </span>
      {editing ? (
        <div className="stack" style={{ gap: 6 }}>
          <Editor
            clientId={clientId}
            field={field}
            stored={stored}
            value={draft.value?.value ?? held}
            error={save.isError ? errorText(save.error) : undefined}
            onChange={(value) => draft.set({ value, was: draft.value?.was ?? held })}
            onCommit={(given) => {
              if (conflict && given === undefined) return;
              keep(given ?? draft.value?.value ?? held, draft.value?.was ?? held);
            }}
            onCancel={() => !save.isPending && close()}
          />
          {conflict && (
            <div className="row" data-testid="field-conflict">
              <span className="soft grow">{t('custom.theirs', { value: held || '—' })}</span>
              <Button size="compact-sm" onClick={() => keep(draft.value?.value ?? held)} data-testid="keep-mine">
                {t('custom.keep_mine')}
              </Button>
              <Button size="compact-sm" variant="default" onClick={close} data-testid="take-theirs">
                {t('custom.take_theirs')}
              </Button>
            </div>
          )}
        </div>
      ) : (
        <div
          className={css.value}
          data-numeric={isNumeric(field) || undefined}
          data-editable={editable || undefined}
          onClick={begin}
          data-testid="field-value"
        >
          <span className="grow">
            <Value field={field} value={stored} clientId={clientId} />
          </span>
          {editable && (
            <button
              type="button"
              className={css.pencil}
              aria-label={t('custom.edit', { label: field.label })}
              onClick={begin}
              onKeyDown={(event: KeyboardEvent) => event.key === 'F2' && begin()}
            >
              <Pencil size={13} aria-hidden />
            </button>
          )}
        </div>
      )}
    </div>
  );
}
