import { Autocomplete, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { searchQuery } from '@/api/clients';
import type { FieldInfo } from '@/api/types';
import { useT } from '@/lib/i18n';
import { bare, listOf, spans, type Counted, type Words } from './words';

// What opens inside of a floating form belongs to it, and stands beside it: the button to go on stays in sight.
const inside = { withinPortal: false, position: 'right-start' } as const;

/** How a value of a field is given, by what sort of value it is. */
export function ValueEditor(props: {
  info: FieldInfo;
  op: string;
  value: unknown;
  words: Words;
  onChange(value: unknown): void;
}) {
  const { info, op, value, words, onChange } = props;
  const t = useT();
  if (bare.includes(op)) return null;
  if (spans.includes(op)) return <Days value={value} onChange={onChange} />;
  if (info.type === 'events') return <Events info={info} value={value as Counted} words={words} onChange={onChange} />;
  const options = words.options(info);
  if (options) {
    return (
      <MultiSelect
        label={t('filter.value')}
        data={options}
        value={listOf(value).map(String)}
        onChange={(chosen) =>
          onChange(chosen.map((each) => (info.type === 'choice' || each === 'me' ? each : Number(each))))
        }
        searchable
        clearable
        comboboxProps={inside}
        maxDropdownHeight={220}
        data-testid="filter-value"
      />
    );
  }
  if (info.type === 'ref') return <RecordValue info={info} value={value} onChange={onChange} />;
  if (op === 'between') return <Pair info={info} value={value} onChange={onChange} />;
  return <Single info={info} label={t('filter.value')} value={value} onChange={onChange} testId="filter-value" />;
}

const isDay = (info: FieldInfo) => info.type === 'date' || info.type === 'day';
const isNumber = (info: FieldInfo) => info.type === 'number' || info.type === 'money';

function Single(props: {
  info: FieldInfo;
  label: string;
  value: unknown;
  onChange(value: unknown): void;
  testId: string;
}) {
  const { info, label, value, onChange, testId } = props;
  if (isNumber(info)) {
    return (
      <NumberInput
        label={label}
        value={value == null ? '' : Number(value)}
        onChange={(n) => onChange(n === '' ? undefined : Number(n))}
        hideControls
        data-testid={testId}
      />
    );
  }
  return (
    <TextInput
      label={label}
      type={isDay(info) ? 'date' : 'text'}
      max={isDay(info) ? '2200-12-31' : undefined}
      maxLength={200}
      value={value == null ? '' : String(value)}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
      data-testid={testId}
    />
  );
}

function Pair(props: { info: FieldInfo; value: unknown; onChange(value: unknown): void }) {
  const t = useT();
  const [from, to] = listOf(props.value);
  return (
    <div className="row">
      <Single
        info={props.info}
        label={t('filter.from')}
        value={from}
        onChange={(value) => props.onChange([value, to])}
        testId="filter-value"
      />
      <Single
        info={props.info}
        label={t('filter.to')}
        value={to}
        onChange={(value) => props.onChange([from, value])}
        testId="filter-value-to"
      />
    </div>
  );
}

function Days(props: { value: unknown; onChange(value: unknown): void }) {
  const t = useT();
  return (
    <Autocomplete
      label={t('filter.days_label')}
      data={['7', '14', '30', '60', '90', '180', '365']}
      value={props.value == null ? '' : String(props.value)}
      onChange={(typed) => props.onChange(Number(typed.replace(/\D/gu, '')) || undefined)}
      filter={({ options }) => options}
      inputMode="numeric"
      size="xs"
      comboboxProps={inside}
      data-testid="filter-value"
    />
  );
}

function Events(props: { info: FieldInfo; value: Counted | undefined; words: Words; onChange(value: unknown): void }) {
  const { info, words } = props;
  const t = useT();
  const value = props.value ?? {};
  const change = (part: Counted) => {
    const next = { ...value, ...part };
    props.onChange(
      Object.fromEntries(Object.entries(next).filter(([, each]) => each !== undefined && each !== '' && each !== null)),
    );
  };
  return (
    <>
      {info.kinds.length > 0 && (
        <Select
          label={t('filter.kind_label')}
          data={info.kinds.map((kind) => ({ value: kind, label: words.kind(info, kind) }))}
          value={value.kind ?? null}
          onChange={(kind) => change({ kind: kind ?? undefined } as Counted)}
          placeholder={t('filter.any_kind')}
          clearable
          comboboxProps={inside}
          data-testid="filter-kind"
        />
      )}
      <div className="row">
        <NumberInput
          label={t('filter.count_label')}
          min={1}
          max={10_000}
          value={value.count ?? 1}
          onChange={(n) => change({ count: Number(n) || undefined } as Counted)}
          data-testid="filter-count"
        />
        <NumberInput
          label={t('filter.days_label')}
          min={1}
          max={36_500}
          value={value.days ?? ''}
          placeholder={t('filter.ever')}
          onChange={(n) => change({ days: Number(n) || undefined } as Counted)}
          data-testid="filter-days"
        />
      </div>
    </>
  );
}

/** Another client, found by what is typed; of other records the number. */
export function RecordValue(props: { info: FieldInfo; value: unknown; onChange(value: unknown): void }) {
  const t = useT();
  const [typed, setTyped] = useState('');
  const word = typed.trim();
  const ofClient = props.info.of === 'client';
  const found = useQuery({
    ...searchQuery(word),
    enabled: ofClient && word.length > 0,
    placeholderData: keepPreviousData,
  }).data;
  const held = listOf(props.value)[0];
  if (!ofClient) {
    return (
      <NumberInput
        label={t('filter.value')}
        min={1}
        hideControls
        value={held == null ? '' : Number(held)}
        onChange={(n) => props.onChange(n === '' ? undefined : [Number(n)])}
        data-testid="filter-value"
      />
    );
  }
  const data = (found?.clients ?? []).map((each) => ({ value: String(each.id), label: each.name }));
  if (held != null && !data.some((each) => each.value === String(held))) {
    data.unshift({ value: String(held), label: `#${String(held)}` });
  }
  const seen = new Set<string>();
  return (
    <Select
      label={t('filter.value')}
      data={data.map((each) => {
        const twice = seen.has(each.label);
        seen.add(each.label);
        return twice ? { ...each, label: `${each.label} · ${each.value}` } : each;
      })}
      searchable
      value={held == null ? null : String(held)}
      onChange={(id) => props.onChange(id ? [Number(id)] : undefined)}
      onSearchChange={setTyped}
      filter={({ options }) => options}
      comboboxProps={inside}
      data-testid="filter-value"
    />
  );
}
