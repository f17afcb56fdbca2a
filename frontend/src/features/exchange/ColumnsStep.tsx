import { ActionIcon, Button, Popover, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ArrowRight, Plus, Replace, X } from 'lucide-react';
import { importPreviewQuery } from '@/api/exchange';
import type { ImportColumn, ImportMapping } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';
import { Badge } from '@/ui/kit';
import type { StepProps } from './ImportPage';
import css from './exchange.module.css';

const targets = [
  'name',
  'given_name',
  'middle_name',
  'family_name',
  'organisation',
  'kind',
  'phone',
  'email',
  'messenger',
  'note',
  'language',
  'time_zone',
  'responsible',
  'id',
];
const several = new Set(['phone', 'email', 'messenger', 'note']);
const labelled = new Set(['phone', 'email', 'messenger']);

/** What each column is: examples on the left, our field on the right. */
export function ColumnsStep({ item, change }: StepProps) {
  const t = useT();
  const code = useCode();
  const preview = useQuery(importPreviewQuery(item.id, item.format)).data;
  const { mapping } = item;
  const taken = new Set([...mapping.columns, ...mapping.constants].map((each) => each.target));
  const save = (part: Partial<ImportMapping>) => change({ mapping: { ...mapping, ...part } });
  const set = (index: number, part: Partial<ImportColumn>) =>
    save({ columns: mapping.columns.map((each, at) => (at === index ? { ...each, ...part } : each)) });
  const choices = (own: string) =>
    targets.map((target) => ({
      value: target,
      label: code('import.target', target),
      disabled: target !== own && taken.has(target) && !several.has(target),
    }));
  const samples = (index: number) => {
    const found = (preview?.rows ?? []).map((row) => row.cells[index] ?? '').filter(Boolean);
    return [...new Set(found)];
  };
  return (
    <div className="stack">
      {item.source && (
        <div>
          <Badge tone="accent" testId="import-source">
            {item.source === 'saved'
              ? t('import.source.saved', { name: item.policy.save_as })
              : code('import.source', item.source)}
          </Badge>
        </div>
      )}
      <div className={css.tableBox}>
        <table className={`${css.table} ${css.columns}`} data-testid="import-columns">
          <thead>
            <tr>
              <th scope="col">{t('import.column')}</th>
              <th scope="col">{t('import.samples')}</th>
              <th scope="col">{t('import.becomes')}</th>
              <th scope="col">{t('import.details')}</th>
            </tr>
          </thead>
          <tbody>
            {mapping.columns.map((column, index) => (
              <tr key={index}>
                <td className="strong truncate">{column.header}</td>
                <td>
                  <div className={css.samples} title={samples(index).slice(0, 8).join('\n')}>
                    {samples(index).slice(0, 3).join(' · ') || t('value.none')}
                  </div>
                </td>
                <td>
                  <Select
                    w={210}
                    size="xs"
                    clearable
                    searchable
                    aria-label={t('import.becomes_of', { column: column.header })}
                    placeholder={t('import.leave_out')}
                    leftSection={<ArrowRight size={13} aria-hidden />}
                    value={column.target || null}
                    onChange={(target) => set(index, { target: target ?? '' })}
                    data={choices(column.target)}
                    data-testid={`column-${index}`}
                  />
                </td>
                <td>
                  <div className="row">
                    {labelled.has(column.target) && (
                      <Typed
                        label={t('import.label_of', { column: column.header })}
                        placeholder={t('import.label')}
                        value={column.label}
                        onSave={(label) => set(index, { label })}
                      />
                    )}
                    {column.target !== '' && column.target !== 'id' && (
                      <Typed
                        label={t('import.default_of', { column: column.header })}
                        placeholder={t('import.default')}
                        value={column.default}
                        onSave={(value) => set(index, { default: value })}
                      />
                    )}
                    {['kind', 'language', 'responsible'].includes(column.target) && (
                      <Values column={column} samples={samples(index)} onSave={(values) => set(index, { values })} />
                    )}
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="stack" style={{ gap: 6 }}>
        {mapping.constants.map((constant, index) => {
          const put = (part: Partial<typeof constant>) =>
            save({ constants: mapping.constants.map((each, at) => (at === index ? { ...each, ...part } : each)) });
          return (
            <div className="row" key={index}>
              <span className="soft">{t('import.constant')}</span>
              <Select
                w={210}
                size="xs"
                aria-label={t('import.constant')}
                value={constant.target || null}
                onChange={(target) => put({ target: target ?? '' })}
                data={choices(constant.target)}
              />
              <Typed
                label={t('import.constant_value')}
                placeholder={t('import.constant_value')}
                value={constant.value}
                onSave={(value) => put({ value })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('action.remove')}
                onClick={() => save({ constants: mapping.constants.filter((_, at) => at !== index) })}
              >
                <X size={14} aria-hidden />
              </ActionIcon>
            </div>
          );
        })}
        <div>
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<Plus size={13} aria-hidden />}
            onClick={() => save({ constants: [...mapping.constants, { target: '', value: '' }] })}
            data-testid="import-add-constant"
          >
            {t('import.add_constant')}
          </Button>
        </div>
      </div>
    </div>
  );
}

/** A small field that is saved when it is left. */
function Typed(props: { label: string; placeholder: string; value: string; onSave(value: string): void }) {
  return (
    <TextInput
      key={props.value}
      size="xs"
      w={130}
      aria-label={props.label}
      placeholder={props.placeholder}
      defaultValue={props.value}
      onBlur={(event) => {
        const value = event.currentTarget.value.trim();
        if (value !== props.value) props.onSave(value);
      }}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
    />
  );
}

/** Our words for the words of the file. */
function Values(props: { column: ImportColumn; samples: string[]; onSave(values: Record<string, string>): void }) {
  const t = useT();
  const { column } = props;
  const known = [...new Set([...Object.keys(column.values), ...props.samples])].slice(0, 20);
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button size="compact-xs" variant="default" leftSection={<Replace size={12} aria-hidden />}>
          {t('import.values', { n: Object.keys(column.values).length })}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="stack" style={{ gap: 6, maxHeight: 320, overflow: 'auto' }}>
          {known.map((word) => (
            <div className="row" key={word}>
              <span className="grow truncate" style={{ maxWidth: 180 }}>
                {word}
              </span>
              <ArrowRight size={12} aria-hidden />
              <Typed
                label={t('import.value_of', { value: word })}
                placeholder={word}
                value={column.values[word] ?? ''}
                onSave={(value) => {
                  const others = Object.entries(column.values).filter(([each]) => each !== word);
                  props.onSave(Object.fromEntries(value ? [...others, [word, value]] : others));
                }}
              />
            </div>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
