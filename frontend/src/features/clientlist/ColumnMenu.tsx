import { ActionIcon, Button, Checkbox, Popover, TextInput } from '@mantine/core';
import { ArrowDown, ArrowUp, Columns3 } from 'lucide-react';
import { useRef, useState } from 'react';
import type { FieldInfo } from '@/api/types';
import { useT } from '@/lib/i18n';
import css from './clientlist.module.css';
import { widthOf, type Column } from './model';
import type { Words } from './words';

/** Which columns there are, and in what order. */
export function ColumnMenu(props: {
  fields: FieldInfo[];
  words: Words;
  columns: Column[];
  onColumns(columns: Column[]): void;
}) {
  const { columns, words, onColumns } = props;
  const t = useT();
  const [typed, setTyped] = useState('');
  const search = useRef<HTMLInputElement>(null);
  /** A column that comes or goes takes its box along: the search has the focus then. */
  const put = (next: Column[]) => {
    setTyped('');
    search.current?.focus();
    onColumns(next);
  };
  const shown = props.fields.filter((field) => field.column);
  const byKey = new Map(shown.map((field) => [field.key, field]));
  const part = typed.trim().toLocaleLowerCase();
  const others = shown
    .filter((field) => !columns.some((column) => column.key === field.key))
    .filter((field) => words.field(field).toLocaleLowerCase().includes(part));
  const move = (index: number, by: number) => {
    const next = [...columns];
    const [taken] = next.splice(index, 1);
    if (taken) next.splice(index + by, 0, taken);
    onColumns(next);
  };
  return (
    <Popover position="bottom-end" trapFocus returnFocus width={300}>
      <Popover.Target>
        <Button variant="default" leftSection={<Columns3 size={14} aria-hidden />} data-testid="columns-menu">
          {t('list.columns')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={css.columnMenu} data-testid="columns-form">
          <ul className={css.columnList} aria-label={t('list.columns_shown')}>
            {columns.map((column, index) => {
              const label = words.field(byKey.get(column.key), column.key);
              return (
                <li key={column.key} className="row">
                  <Checkbox
                    size="xs"
                    className="grow"
                    label={label}
                    checked
                    disabled={column.key === 'name'}
                    onChange={() => put(columns.filter((each) => each.key !== column.key))}
                  />
                  <ActionIcon
                    size={24}
                    aria-label={t('list.column_earlier', { field: label })}
                    disabled={index === 0}
                    onClick={() => move(index, -1)}
                  >
                    <ArrowUp size={13} aria-hidden />
                  </ActionIcon>
                  <ActionIcon
                    size={24}
                    aria-label={t('list.column_later', { field: label })}
                    disabled={index === columns.length - 1}
                    onClick={() => move(index, 1)}
                  >
                    <ArrowDown size={13} aria-hidden />
                  </ActionIcon>
                </li>
              );
            })}
          </ul>
          <TextInput
            ref={search}
            placeholder={t('list.column_search')}
            aria-label={t('list.column_search')}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            data-testid="column-search"
          />
          <ul className={css.columnList} aria-label={t('list.columns_more')}>
            {others.map((field) => (
              <li key={field.key} className="row">
                <Checkbox
                  size="xs"
                  className="grow"
                  label={words.field(field)}
                  checked={false}
                  onChange={() => put([...columns, { key: field.key, width: widthOf(field.key) }])}
                  data-testid="column-add"
                  data-key={field.key}
                />
              </li>
            ))}
          </ul>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
