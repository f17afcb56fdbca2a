import { Button, Popover } from '@mantine/core';
import { Filter, Layers, Plus, X } from 'lucide-react';
import { useState } from 'react';
import type { FieldInfo, FilterNode } from '@/api/types';
import { useT } from '@/lib/i18n';
import css from './clientlist.module.css';
import { ConditionForm } from './ConditionForm';
import {
  isGroup,
  noConditions,
  readConditions,
  writeConditions,
  type Conditions,
  type Group,
  type Leaf,
} from './model';
import type { Words } from './words';

/** The conditions of a list as chips that can be read, changed and taken away. */
export function FilterBar(props: {
  fields: FieldInfo[];
  words: Words;
  filter: FilterNode | undefined;
  onFilter(filter: FilterNode | undefined): void;
}) {
  const { fields, words, filter, onFilter } = props;
  const t = useT();
  const conditions = readConditions(filter);
  if (!conditions) {
    return (
      <div className={css.filters} data-testid="filter-bar">
        <span className={css.chip}>
          <Layers size={13} aria-hidden />
          <span>{t('filter.complex')}</span>
          <Taking label={t('filter.clear')} onClick={() => onFilter(undefined)} />
        </span>
      </div>
    );
  }
  const { mode, items } = conditions;
  const write = (next: Conditions) => onFilter(writeConditions(next));
  const put = (index: number, item: Leaf | Group | null) =>
    write({
      mode,
      items: item ? items.map((each, at) => (at === index ? item : each)) : items.filter((_, at) => at !== index),
    });
  return (
    <div className={css.filters} data-testid="filter-bar" role="group" aria-label={t('filter.title')}>
      {items.map((item, index) => (
        <span key={index} className={css.filterItem}>
          {index > 0 && <Between mode={mode} onChange={(next) => write({ mode: next, items })} first={index === 1} />}
          {isGroup(item) ? (
            <GroupChip fields={fields} words={words} group={item} onChange={(group) => put(index, group)} />
          ) : (
            <LeafChip fields={fields} words={words} leaf={item} onChange={(leaf) => put(index, leaf)} />
          )}
        </span>
      ))}
      <Adder
        label={t('filter.add')}
        fields={fields}
        words={words}
        primary={items.length === 0}
        testId="filter-add"
        onAdd={(leaf) => write({ mode, items: [...items, leaf] })}
      />
      {items.length > 0 && (
        <>
          <Adder
            label={t('filter.add_group')}
            fields={fields}
            words={words}
            testId="filter-add-group"
            onAdd={(leaf) => write({ mode, items: [...items, { mode: 'any', leaves: [leaf] }] })}
          />
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            onClick={() => onFilter(writeConditions(noConditions))}
            data-testid="filter-clear"
          >
            {t('filter.clear')}
          </Button>
        </>
      )}
    </div>
  );
}

function Between(props: { mode: 'all' | 'any'; first: boolean; onChange(mode: 'all' | 'any'): void }) {
  const t = useT();
  const word = t(props.mode === 'all' ? 'filter.and' : 'filter.or');
  if (!props.first) return <span className={css.between}>{word}</span>;
  return (
    <button
      type="button"
      className={css.betweenButton}
      title={t('filter.switch')}
      aria-label={`${word}: ${t('filter.switch')}`}
      onClick={() => props.onChange(props.mode === 'all' ? 'any' : 'all')}
      data-testid="filter-mode"
    >
      {word}
    </button>
  );
}

function Taking(props: { label: string; onClick(): void }) {
  return (
    <button
      type="button"
      className={css.chipTake}
      aria-label={props.label}
      onClick={props.onClick}
      data-testid="chip-remove"
    >
      <X size={12} aria-hidden />
    </button>
  );
}

function LeafChip(props: { fields: FieldInfo[]; words: Words; leaf: Leaf; onChange(leaf: Leaf | null): void }) {
  const { fields, words, leaf, onChange } = props;
  const t = useT();
  const [open, setOpen] = useState(false);
  const said = words.leaf(fields, leaf);
  const text = words.text(fields, leaf);
  return (
    <span className={css.chip} data-testid="filter-chip" data-field={leaf.field}>
      <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus returnFocus width={300}>
        <Popover.Target>
          <button
            type="button"
            className={css.chipText}
            onClick={() => setOpen(!open)}
            title={text}
            aria-label={t('filter.edit', { text })}
          >
            <span className={css.chipField}>{said.field}</span> <span className="soft">{said.op}</span>{' '}
            {said.value && <b className="truncate">{said.value}</b>}
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          <ConditionForm
            fields={fields}
            words={words}
            leaf={leaf}
            onKeep={(next) => {
              setOpen(false);
              onChange(next);
            }}
            onRemove={() => {
              setOpen(false);
              onChange(null);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      <Taking label={t('filter.remove', { text })} onClick={() => onChange(null)} />
    </span>
  );
}

function GroupChip(props: { fields: FieldInfo[]; words: Words; group: Group; onChange(group: Group | null): void }) {
  const { fields, words, group, onChange } = props;
  const t = useT();
  const next = { all: 'any', any: 'none', none: 'all' } as const;
  const put = (index: number, leaf: Leaf | null) => {
    const leaves = leaf
      ? group.leaves.map((each, at) => (at === index ? leaf : each))
      : group.leaves.filter((_, at) => at !== index);
    onChange(leaves.length > 0 ? { ...group, leaves } : null);
  };
  const word = t(group.mode === 'all' ? 'filter.and' : 'filter.or');
  return (
    <span className={css.group} data-testid="filter-group">
      <button
        type="button"
        className={css.betweenButton}
        title={t('filter.switch')}
        aria-label={`${t(`filter.group.${group.mode}`)}: ${t('filter.switch')}`}
        onClick={() => onChange({ ...group, mode: next[group.mode] })}
      >
        {t(`filter.group.${group.mode}`)}
      </button>
      {group.leaves.map((leaf, index) => (
        <span key={index} className={css.filterItem}>
          {index > 0 && <span className={css.between}>{word}</span>}
          <LeafChip fields={fields} words={words} leaf={leaf} onChange={(changed) => put(index, changed)} />
        </span>
      ))}
      <Adder
        fields={fields}
        words={words}
        testId="group-add"
        label={t('filter.add')}
        small
        onAdd={(leaf) => onChange({ ...group, leaves: [...group.leaves, leaf] })}
      />
    </span>
  );
}

function Adder(props: {
  label: string;
  fields: FieldInfo[];
  words: Words;
  testId: string;
  primary?: boolean;
  small?: boolean;
  onAdd(leaf: Leaf): void;
}) {
  const [open, setOpen] = useState(false);
  const Icon = props.primary ? Filter : Plus;
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus returnFocus width={300}>
      <Popover.Target>
        <button
          type="button"
          className={css.adder}
          onClick={() => setOpen(!open)}
          aria-expanded={open}
          aria-label={props.small ? props.label : undefined}
          data-testid={props.testId}
        >
          <Icon size={13} aria-hidden />
          {!props.small && props.label}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <ConditionForm
          fields={props.fields}
          words={props.words}
          leaf={null}
          onKeep={(leaf) => {
            setOpen(false);
            props.onAdd(leaf);
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
