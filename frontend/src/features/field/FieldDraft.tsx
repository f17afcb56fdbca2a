import { ActionIcon, Select, Switch, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import type { KeyboardEvent } from 'react';
import {
  createDictionary,
  dictionariesQuery,
  type Dictionary,
  type FieldOptions,
  type FieldType,
  type NewField,
} from '@/api/fields';
import { useCode, useT } from '@/lib/i18n';
import css from './field.module.css';
import { FormulaInput } from './FormulaInput';
import { fieldIcons, fieldTypes } from './looks';

/** A field that is being thought up. */
export interface FieldWish {
  label: string;
  type: FieldType;
  options: FieldOptions;
}

export const noWish: FieldWish = { label: '', type: 'text', options: {} };

const places: Partial<Record<FieldType, number>> = { number: 2, money: 2, formula: 2 };

/** The wish as the server takes it; a choice without a dictionary gets one of its own name. */
export async function asNewField(wish: FieldWish, currency: string, known: Dictionary[]): Promise<NewField> {
  const options: FieldOptions = { decimals: places[wish.type] ?? 0, ...wish.options };
  const label = wish.label.trim();
  if (wish.type === 'money') options.currency ||= currency;
  if (wish.type === 'reference') options.refers ||= 'client';
  if (wish.type === 'choice' && !options.dictionary_id) {
    const same = known.find((each) => !each.archived_at && each.name.toLocaleLowerCase() === label.toLocaleLowerCase());
    options.dictionary_id = (same ?? (await createDictionary(label))).id;
  }
  return { label, type: wish.type, options };
}

/** One line of a new section: what the field is called, and of what type it is. */
export function FieldDraft(props: {
  wish: FieldWish;
  sectionId: number;
  table: boolean;
  /** Formulas need fields that are there already. */
  formulas: boolean;
  autoFocus?: boolean;
  onChange(wish: FieldWish): void;
  onEnter(): void;
  onRemove?: (() => void) | undefined;
}) {
  const { wish } = props;
  const t = useT();
  const code = useCode();
  const Icon = fieldIcons[wish.type];
  const types = fieldTypes.filter((type) => props.formulas || type !== 'formula');
  return (
    <div className={css.wish} data-testid="field-draft">
      <div className={css.wishLine}>
        <TextInput
          aria-label={props.table ? t('custom.column_name') : t('custom.name')}
          placeholder={props.table ? t('custom.column_name') : t('custom.name')}
          maxLength={60}
          autoFocus={props.autoFocus}
          value={wish.label}
          onChange={(event) => props.onChange({ ...wish, label: event.currentTarget.value })}
          onKeyDown={(event: KeyboardEvent) => {
            if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
            event.preventDefault();
            props.onEnter();
          }}
          data-testid="field-label"
        />
        <Select
          aria-label={t('custom.type')}
          value={wish.type}
          data={types.map((type) => ({ value: type, label: code('custom.type', type) }))}
          leftSection={<Icon size={14} aria-hidden />}
          onChange={(type) => type && props.onChange({ ...wish, type: type as FieldType, options: {} })}
          data-testid="field-type"
        />
        {props.onRemove ? (
          <ActionIcon aria-label={t('action.remove')} onClick={props.onRemove}>
            <Trash2 size={14} aria-hidden />
          </ActionIcon>
        ) : (
          <span />
        )}
      </div>
      <FieldOptionsForm
        type={wish.type}
        options={wish.options}
        fresh
        sectionId={props.sectionId}
        onChange={(options) => props.onChange({ ...wish, options })}
      />
    </div>
  );
}

/** What a type leaves open. */
export function FieldOptionsForm(props: {
  type: FieldType;
  options: FieldOptions;
  /** Nothing lies under it yet, so all of it can be chosen. */
  fresh: boolean;
  sectionId: number;
  fieldId?: number;
  onChange(options: FieldOptions): void;
}) {
  const { type, options, fresh } = props;
  const t = useT();
  const code = useCode();
  const dictionaries = useQuery(dictionariesQuery).data ?? [];
  const set = (part: Partial<FieldOptions>) => props.onChange({ ...options, ...part });
  return (
    <>
      {type === 'formula' && (
        <FormulaInput
          sectionId={props.sectionId}
          fieldId={props.fieldId ?? 0}
          value={options.formula ?? ''}
          onChange={(formula) => set({ formula })}
        />
      )}
      {(type === 'choice' || type === 'reference' || type === 'money') && (
        <div className={css.options}>
          {type === 'choice' && fresh && (
            <Select
              label={t('custom.dictionary')}
              placeholder={t('custom.dictionary.own')}
              clearable
              searchable
              value={options.dictionary_id ? String(options.dictionary_id) : null}
              data={dictionaries
                .filter((each) => !each.archived_at)
                .map((each) => ({ value: String(each.id), label: each.name }))}
              onChange={(id) => set({ dictionary_id: id ? Number(id) : 0 })}
              data-testid="field-dictionary"
            />
          )}
          {type === 'reference' && fresh && (
            <Select
              label={t('custom.refers')}
              value={options.refers || 'client'}
              data={(['client', 'user', 'lead'] as const).map((kind) => ({
                value: kind,
                label: code('custom.refers', kind),
              }))}
              onChange={(refers) => set({ refers: (refers ?? 'client') as FieldOptions['refers'] & string })}
              data-testid="field-refers"
            />
          )}
          {type === 'money' && (
            <TextInput
              label={t('custom.currency')}
              placeholder="EUR"
              maxLength={3}
              w={90}
              value={options.currency ?? ''}
              onChange={(event) => set({ currency: event.currentTarget.value.toUpperCase().replace(/[^A-Z]/gu, '') })}
            />
          )}
        </div>
      )}
      {!fresh && type !== 'formula' && (
        <Switch
          label={t('custom.must_be_filled')}
          checked={options.required ?? false}
          onChange={(event) => set({ required: event.currentTarget.checked })}
        />
      )}
    </>
  );
}
