import { Button, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { exchangeKeys, exportSettingsQuery, saveExportSettings } from '@/api/exchange';
import { useCan, useErrorText } from '@/api/react';
import type { ExportSettings } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { Failed, SkeletonRows } from '@/ui/kit';
import { useToast } from '@/ui/toast';

/** The firm's rules for files that leave. */
export function ExportSettingsPage() {
  const errorText = useErrorText();
  const query = useQuery(exportSettingsQuery);
  if (query.isPending) return <SkeletonRows rows={5} />;
  if (query.isError) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  return <Form settings={query.data} />;
}

function Form(props: { settings: ExportSettings }) {
  const t = useT();
  const can = useCan();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const editable = can('settings.write');
  const draft = useDraft('export-settings', props.settings);
  const save = useMutation({
    mutationFn: () => saveExportSettings(draft.value),
    onSuccess: (saved) => {
      cache.setQueryData(exchangeKeys.exportSettings, saved);
      draft.clear();
      toast.done(t('settings.saved'));
    },
  });
  const number = (
    name: 'approval_rows' | 'daily_exports' | 'daily_rows' | 'keep_hours',
    label: string,
    text: string,
  ) => (
    <NumberInput
      label={label}
      description={text}
      min={name === 'keep_hours' ? 1 : 0}
      max={name === 'keep_hours' ? 720 : name === 'daily_exports' ? 10_000 : 100_000_000}
      thousandSeparator=" "
      readOnly={!editable}
      value={draft.value[name]}
      onChange={(value) => draft.patch({ [name]: Number(value) })}
      data-testid={`export-${name}`}
    />
  );
  return (
    <form
      className="stack"
      style={{ maxWidth: 480, padding: '16px 20px' }}
      data-testid="export-settings"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      {number('approval_rows', t('export.set.approval'), t('export.set.approval.text'))}
      {number('daily_exports', t('export.set.exports'), t('export.set.exports.text'))}
      {number('daily_rows', t('export.set.rows'), t('export.set.rows.text'))}
      {number('keep_hours', t('export.set.keep'), t('export.set.keep.text'))}
      <TextInput
        label={t('export.set.domain')}
        description={t('export.set.domain.text')}
        readOnly={!editable}
        value={draft.value.canary_domain}
        onChange={(event) => draft.patch({ canary_domain: event.currentTarget.value.trim().toLowerCase() })}
        error={save.isError ? errorText(save.error) : undefined}
      />
      {editable && (
        <div>
          <Button type="submit" disabled={!draft.dirty} loading={save.isPending} data-testid="export-settings-save">
            {t('action.save')}
          </Button>
        </div>
      )}
    </form>
  );
}
