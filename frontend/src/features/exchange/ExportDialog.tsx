import { Button, Modal, MultiSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { clientFieldsQuery, countClients, requestExport, type ListQuery } from '@/api/exchange';
import { useErrorText, useMe } from '@/api/react';
import type { ExportWish } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Segmented } from '@/ui/Segmented';
import css from './exchange.module.css';

const usual = ['name', 'kind', 'phone', 'email', 'organisation', 'responsible', 'language', 'note'];

/** Asks for a file of what the list shows. */
export function ExportDialog(props: { opened: boolean; onClose(): void; query: ListQuery }) {
  const { opened, onClose, query } = props;
  const t = useT();
  const code = useCode();
  const me = useMe();
  const format = useFormat();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const [kind, setKind] = useState<ExportWish['format']>('csv');
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [reason, setReason] = useState('');
  const known = useQuery({ ...clientFieldsQuery, enabled: opened });
  const count = useQuery({
    queryKey: ['clients', 'count', query],
    enabled: opened,
    queryFn: () => countClients(query),
  });
  const fields = (known.data ?? []).filter((field) => field.column);
  const label = (key: string) => fields.find((field) => field.key === key)?.label || code('export.column', key);
  const columns = chosen ?? usual.filter((key) => fields.some((field) => field.key === key));
  const ask = useMutation({
    mutationFn: () =>
      requestExport({
        q: query.q ?? '',
        filter: query.filter ?? {},
        sort: query.sort ?? '',
        desc: query.desc ?? false,
        columns: ['id', ...columns],
        titles: ['id', ...columns.map(label)],
        format: kind,
        delimiter: me.user.locale === 'en' ? 'comma' : 'semicolon',
        reason,
      }),
    onSuccess: () => {
      onClose();
      void navigate({ to: '/exports', search: {} });
    },
  });
  return (
    <Modal opened={opened} onClose={onClose} title={t('export.ask')} size="lg">
      <form
        className="stack"
        data-testid="export-form"
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate();
        }}
      >
        <p className={css.note} data-testid="export-count">
          {count.data ? t('export.rows', { n: count.data.count }) : t('state.loading')} · {t('export.logged')}
        </p>
        <Segmented
          label={t('export.format')}
          value={kind}
          onChange={(value) => setKind(value === 'xlsx' ? 'xlsx' : 'csv')}
          data={[
            { value: 'csv', label: 'CSV', testId: 'export-csv' },
            { value: 'xlsx', label: 'Excel', testId: 'export-xlsx' },
          ]}
        />
        <MultiSelect
          label={t('export.columns_label')}
          searchable
          value={columns}
          onChange={setChosen}
          data={fields.map((field) => ({ value: field.key, label: label(field.key) }))}
          data-testid="export-columns"
        />
        <TextInput
          label={t('export.reason')}
          description={t('export.reason.text')}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={ask.isError ? errorText(ask.error) : undefined}
          data-testid="export-reason"
        />
        <div className="row">
          <Button type="submit" loading={ask.isPending} disabled={columns.length === 0} data-testid="export-ask">
            {t('export.ask_for', { n: count.data ? format.number(count.data.count) : '' })}
          </Button>
          <Button variant="subtle" color="gray" onClick={onClose}>
            {t('action.cancel')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
