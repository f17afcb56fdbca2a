import { Button, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleSlash, PhoneCall, Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useIntl } from 'react-intl';
import { createLine, lineKeys, linesQuery, saveLine } from '@/api/lines';
import { queuesQuery } from '@/api/queues';
import { useCan, useErrorText, useMe } from '@/api/react';
import type { Line } from '@/api/types';
import { countryCodes } from '@/lib/countries';
import { useDraft } from '@/lib/draft';
import { localeNames, locales, useCode, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Badge, Empty, Failed, lineColors, LineTag, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';
import { PlaceSelect } from '@/call/PlaceSelect';

/** The business lines: their number, their people, how long each rings. */
export function LinesPage() {
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const query = useQuery(linesQuery);
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  const rows = query.data ?? [];
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.isError && rows.length === 0) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  const current = rows.find((row) => row.id === chosen);
  const editable = can('settings.write');
  return (
    <SplitView
      label={t('settings.lines')}
      items={rows.map((line) => ({
        id: line.id,
        title: line.name,
        note: line.number,
        mark: line.active ? (
          <LineTag name="" color={line.color} />
        ) : (
          <Badge icon={CircleSlash}>{t('user.inactive')}</Badge>
        ),
        testId: 'line-row',
      }))}
      chosen={chosen}
      onChoose={setChosen}
      add={
        editable && (
          <Button
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setChosen('new')}
            data-testid="new-line"
          >
            {t('line.new')}
          </Button>
        )
      }
    >
      {chosen === 'new' || current ? (
        <LineForm key={String(chosen)} line={current} editable={editable} onDone={setChosen} />
      ) : (
        <Empty icon={PhoneCall} title={t('line.choose')}>
          {t('line.help')}
        </Empty>
      )}
    </SplitView>
  );
}

function LineForm(props: { line: Line | undefined; editable: boolean; onDone(id: number): void }) {
  const { line, editable } = props;
  const t = useT();
  const code = useCode();
  const intl = useIntl();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const { firm } = useMe();
  const queues = useQuery(queuesQuery).data ?? [];
  const draft = useDraft(`line.${line?.id ?? 'new'}`, {
    name: line?.name ?? '',
    number: line?.number ?? '',
    country: line?.country ?? firm.country,
    language: line?.language ?? 'en',
    entry: line?.entry ?? { kind: 'voicemail' as const },
    lead_value: line?.lead_value ?? '0',
    color: line?.color ?? 'blue',
    active: line?.active ?? true,
  });
  const fields = draft.value;
  const countries = useMemo(
    () =>
      countryCodes.map((code) => ({ value: code, label: intl.formatDisplayName(code, { type: 'region' }) ?? code })),
    [intl],
  );
  const save = useMutation({
    mutationFn: () => (line ? saveLine(line.id, fields) : createLine(fields)),
    onSuccess: async (saved) => {
      await cache.invalidateQueries({ queryKey: lineKeys.all });
      draft.clear();
      toast.done(t('settings.saved'));
      props.onDone(saved.id);
    },
  });
  const ready = fields.name.trim() !== '' && fields.number.trim() !== '';
  return (
    <form
      className="stack"
      data-testid="line-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) save.mutate();
      }}
    >
      <div className="row" style={{ alignItems: 'flex-end' }}>
        <TextInput
          className="grow"
          label={t('line.name')}
          value={fields.name}
          readOnly={!editable}
          onChange={(event) => draft.patch({ name: event.currentTarget.value })}
          data-testid="line-name"
        />
        <Select
          w={130}
          label={t('line.color')}
          value={fields.color}
          disabled={!editable}
          onChange={(color) => color && draft.patch({ color })}
          data={Object.keys(lineColors).map((color) => ({ value: color, label: code('color', color) }))}
          leftSection={<LineTag name="" color={fields.color} />}
          renderOption={({ option }) => <LineTag name={option.label} color={option.value} />}
          data-testid="line-color"
        />
      </div>
      <TextInput
        label={t('line.number')}
        className="num"
        value={fields.number}
        readOnly={!editable}
        onChange={(event) => draft.patch({ number: event.currentTarget.value })}
        error={save.isError ? errorText(save.error) : undefined}
        data-testid="line-number"
      />
      <div className="row">
        <Select
          className="grow"
          label={t('firm.country')}
          searchable
          disabled={!editable}
          value={fields.country}
          onChange={(country) => country && draft.patch({ country })}
          data={countries}
        />
        <Select
          className="grow"
          label={t('line.language')}
          disabled={!editable}
          value={fields.language}
          onChange={(language) => language && draft.patch({ language })}
          data={locales.map((locale) => ({ value: locale, label: localeNames[locale] }))}
        />
      </div>
      <PlaceSelect
        label={t('line.entry')}
        visible
        place={fields.entry}
        queues={queues.filter((queue) => queue.active)}
        kinds={['queue', 'voicemail', 'user']}
        editable={editable}
        onChange={(entry) => draft.patch({ entry })}
      />
      <TextInput
        label={t('line.value', { currency: firm.currency })}
        inputMode="decimal"
        value={fields.lead_value}
        readOnly={!editable}
        onChange={(event) => draft.patch({ lead_value: event.currentTarget.value })}
        data-testid="line-value"
      />
      <Switch
        label={t('line.active')}
        checked={fields.active}
        disabled={!editable}
        onChange={(event) => draft.patch({ active: event.currentTarget.checked })}
      />
      {editable && (
        <div className="row">
          <Button type="submit" disabled={!ready || !draft.dirty} loading={save.isPending} data-testid="line-save">
            {t('action.save')}
          </Button>
          {draft.dirty && (
            <Button variant="subtle" color="gray" onClick={draft.clear}>
              {t('action.discard')}
            </Button>
          )}
        </div>
      )}
    </form>
  );
}
