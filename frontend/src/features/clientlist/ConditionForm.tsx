import { Button, Select } from '@mantine/core';
import { useState } from 'react';
import type { FieldInfo } from '@/api/types';
import { useT } from '@/lib/i18n';
import css from './clientlist.module.css';
import type { Leaf } from './model';
import { ValueEditor } from './ValueEditor';
import { bare, listOf, spans, type Words } from './words';

const inside = { withinPortal: false } as const;

/** Whether a condition can be asked as it stands. */
function complete(info: FieldInfo, leaf: Leaf): boolean {
  if (bare.includes(leaf.op) || info.type === 'events') return true;
  const values = listOf(leaf.value);
  if (leaf.op === 'between') return values.length === 2 && values.every((each) => each != null && each !== '');
  return values.length > 0 && values.every((each) => each != null && each !== '');
}

/** What an operator begins with. */
function initial(info: FieldInfo, op: string): unknown {
  if (spans.includes(op)) return 30;
  if (info.type === 'events') return { count: 1 };
  return undefined;
}

/** One condition: the field, how it compares, with what. Enter keeps it. */
export function ConditionForm(props: {
  fields: FieldInfo[];
  words: Words;
  leaf: Leaf | null;
  onKeep(leaf: Leaf): void;
  onRemove?: () => void;
}) {
  const { fields, words } = props;
  const t = useT();
  const [leaf, setLeaf] = useState<Leaf | null>(props.leaf);
  const info = fields.find((each) => each.key === leaf?.field);
  const pick = (key: string | null) => {
    const next = fields.find((each) => each.key === key);
    const op = next?.operators[0];
    if (next && op) setLeaf({ field: next.key, op, value: initial(next, op) });
  };
  const usable = fields.filter((each) => each.operators.length > 0);
  return (
    <form
      className={css.condition}
      data-testid="condition-form"
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (leaf && info && complete(info, leaf))
          props.onKeep(bare.includes(leaf.op) ? { field: leaf.field, op: leaf.op } : leaf);
      }}
    >
      <Select
        label={t('filter.field')}
        data={usable.map((each) => ({ value: each.key, label: words.field(each) }))}
        value={leaf?.field ?? null}
        onChange={pick}
        searchable
        data-autofocus={leaf ? undefined : true}
        autoFocus={!leaf}
        nothingFoundMessage={t('custom.nothing_found')}
        comboboxProps={inside}
        maxDropdownHeight={260}
        data-testid="filter-field"
      />
      {leaf && info && (
        <>
          <Select
            label={t('filter.op')}
            data={info.operators.map((op) => ({ value: op, label: words.op(op) }))}
            value={leaf.op}
            onChange={(op) => {
              if (!op) return;
              const same =
                spans.includes(op) === spans.includes(leaf.op) && (op === 'between') === (leaf.op === 'between');
              setLeaf({
                field: leaf.field,
                op,
                value: same && !bare.includes(leaf.op) ? leaf.value : initial(info, op),
              });
            }}
            comboboxProps={inside}
            data-testid="filter-op"
          />
          <ValueEditor
            info={info}
            op={leaf.op}
            value={leaf.value}
            words={words}
            onChange={(value) => setLeaf({ ...leaf, value })}
          />
        </>
      )}
      <div className="row">
        <Button type="submit" disabled={!leaf || !info || !complete(info, leaf)} data-testid="filter-apply">
          {t('filter.apply')}
        </Button>
        {props.onRemove && (
          <Button variant="subtle" color="gray" onClick={props.onRemove} data-testid="filter-remove">
            {t('action.remove')}
          </Button>
        )}
      </div>
    </form>
  );
}
