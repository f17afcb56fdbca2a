import { ActionIcon, Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Plus, Rows3, Trash2 } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import {
  addRow,
  fieldKeys,
  removeRow,
  type CustomSection,
  type FieldValue,
  type SectionRow,
  type Sheet,
} from '@/api/fields';
import { useReport } from '@/api/react';
import { useT } from '@/lib/i18n';
import { Empty } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './field.module.css';
import { GridCell } from './GridCell';
import { isNumeric } from './looks';

const rowHeight = 34;
interface Place {
  row: number;
  column: number;
}

/** The rows of a table: arrows move, Enter changes, Escape leaves it as it was. */
export function RowGrid(props: { clientId: number; section: CustomSection; sheet: Sheet; editable: boolean }) {
  const { clientId, section, sheet, editable } = props;
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const [at, setAt] = useState<Place>({ row: 0, column: 0 });
  const [editing, setEditing] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => sheet.rows.filter((row) => row.section_id === section.id), [sheet.rows, section.id]);
  const values = useMemo(() => {
    const byPlace = new Map<string, FieldValue>();
    for (const value of sheet.values) byPlace.set(`${value.row_id ?? 0}.${value.field_id}`, value);
    return byPlace;
  }, [sheet.values]);
  const columns = section.fields;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 10,
    initialRect: { width: 900, height: 600 },
  });
  useEffect(() => {
    if (editing) virtual.scrollToIndex(at.row, { align: 'auto' });
  }, [virtual, editing, at.row]);
  const refetch = () => cache.invalidateQueries({ queryKey: fieldKeys.sheet(clientId) });

  const focus = (next: Place) => {
    setAt(next);
    virtual.scrollToIndex(next.row, { align: 'auto' });
    requestAnimationFrame(() =>
      box.current?.querySelector<HTMLElement>(`[data-place="${next.row}.${next.column}"]`)?.focus(),
    );
  };
  const add = useMutation({
    mutationFn: () => addRow(clientId, { section_id: section.id, values: [] }),
    onSuccess: async () => {
      await refetch();
      const place = { row: rows.length, column: 0 };
      // The editor takes the focus itself; a cell that took it later would end the editing.
      if (columns[0]?.type === 'formula' || columns[0]?.masked) return focus(place);
      setAt(place);
      setEditing(true);
    },
    onError: report,
  });
  const remove = useMutation({
    mutationFn: (row: SectionRow) => removeRow(clientId, row.id),
    onSuccess: (_, row) => {
      const lost = columns.flatMap((field) => {
        const value = values.get(`${row.id}.${field.id}`);
        return field.type !== 'formula' && value?.value ? [{ field_id: field.id, value: value.value }] : [];
      });
      void refetch();
      toast.done(t('custom.row_removed'), () => {
        void addRow(clientId, { section_id: section.id, position: row.position, values: lost })
          .then(refetch)
          .catch(report);
      });
    },
    onError: report,
  });

  const keys = (event: KeyboardEvent) => {
    if (editing) return;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) {
      event.preventDefault();
      focus({
        row: Math.max(0, Math.min(rows.length - 1, at.row + (step[0] ?? 0))),
        column: Math.max(0, Math.min(columns.length - 1, at.column + (step[1] ?? 0))),
      });
    } else if ((event.key === 'Enter' || event.key === 'F2') && editable && event.target instanceof HTMLElement) {
      if (!event.target.dataset.place) return;
      event.preventDefault();
      setEditing(true);
    }
  };
  const done = (moved: boolean) => {
    setEditing(false);
    focus(moved && at.row < rows.length - 1 ? { ...at, row: at.row + 1 } : at);
  };

  const template = `repeat(${columns.length}, minmax(110px, 1fr)) 36px`;
  const adder = editable && (
    <Button
      variant="default"
      leftSection={<Plus size={14} aria-hidden />}
      loading={add.isPending}
      onClick={() => add.mutate()}
      data-testid="add-row"
    >
      {t('custom.add_row')}
    </Button>
  );
  if (rows.length === 0) {
    return (
      <Empty icon={Rows3} title={t('custom.no_rows')} small action={adder || undefined} testId="no-rows">
        {t('custom.no_rows.text')}
      </Empty>
    );
  }
  return (
    <div className={css.gridWrap}>
      <div className={css.grid} role="grid" aria-label={section.title} aria-rowcount={rows.length + 1} onKeyDown={keys}>
        <div className={css.gridHead} role="row" style={{ gridTemplateColumns: template }}>
          {columns.map((field) => (
            <span key={field.id} role="columnheader" data-numeric={isNumeric(field) || undefined} className="truncate">
              {field.label}
            </span>
          ))}
          <span role="columnheader" className="sr-only">
            {t('action.remove')}
          </span>
        </div>
        <div ref={box} className={css.gridBody} role="rowgroup" tabIndex={-1}>
          <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              return (
                <div
                  key={row.id}
                  ref={virtual.measureElement}
                  data-index={item.index}
                  role="row"
                  aria-rowindex={item.index + 2}
                  className={css.gridRow}
                  style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
                  data-testid="table-row"
                >
                  {columns.map((field, column) => (
                    <GridCell
                      key={field.id}
                      clientId={clientId}
                      rowId={row.id}
                      field={field}
                      stored={values.get(`${row.id}.${field.id}`)}
                      place={`${item.index}.${column}`}
                      current={at.row === item.index && at.column === column}
                      editing={editing && at.row === item.index && at.column === column}
                      editable={editable && field.type !== 'formula' && !field.masked}
                      onPick={() => setAt({ row: item.index, column })}
                      onEdit={() => {
                        setAt({ row: item.index, column });
                        setEditing(true);
                      }}
                      onDone={done}
                    />
                  ))}
                  <span role="gridcell" className={css.rowEnd}>
                    {editable && (
                      <ActionIcon
                        size={24}
                        aria-label={t('custom.remove_row', { n: item.index + 1 })}
                        onClick={() => remove.mutate(row)}
                        data-testid="remove-row"
                      >
                        <Trash2 size={14} aria-hidden />
                      </ActionIcon>
                    )}
                  </span>
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {adder && (
        <div className="row">
          {adder}
          <span className="whisper">{t('custom.grid_keys')}</span>
        </div>
      )}
    </div>
  );
}
