import { Button, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { listCountQuery } from '@/api/clientlist';
import { useErrorText } from '@/api/react';
import { addSegment, changeSegment, workKeys, type ClientSegment, type SegmentDraft } from '@/api/worklist';
import type { FieldInfo, FilterNode } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import css from './clientlist.module.css';
import { FilterBar } from './FilterBar';
import type { Words } from './words';

/** A segment while it is written: whom it holds is counted at every change. */
export function SegmentForm(props: {
  segment: ClientSegment | null;
  filter?: FilterNode | undefined;
  fields: FieldInfo[];
  words: Words;
  onDone(segment: ClientSegment): void;
  onCancel(): void;
}) {
  const { segment, fields, words } = props;
  const t = useT();
  const format = useFormat();
  const cache = useQueryClient();
  const toast = useToast();
  const errorText = useErrorText();
  const [name, setName] = useState(segment?.name ?? '');
  const [note, setNote] = useState(segment?.note ?? '');
  const [filter, setFilter] = useState<FilterNode | undefined>(segment?.filter ?? props.filter);
  const count = useQuery({ ...listCountQuery(filter ? { filter } : {}), enabled: filter !== undefined });
  const save = useMutation({
    mutationFn: () => {
      const draft: SegmentDraft = { name, note, filter: filter ?? {} };
      return segment ? changeSegment(segment.id, segment.version, draft) : addSegment(draft);
    },
    onSuccess: (kept) => {
      void cache.invalidateQueries({ queryKey: workKeys.segments });
      toast.done(t('segment.kept'));
      props.onDone(kept);
    },
  });
  return (
    <form
      className={css.segmentForm}
      data-testid="segment-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label={t('segment.name')}
        value={name}
        maxLength={80}
        required
        autoFocus
        onChange={(event) => setName(event.currentTarget.value)}
        data-testid="segment-name"
      />
      <Textarea
        label={t('segment.note')}
        value={note}
        maxLength={500}
        minRows={1}
        onChange={(event) => setNote(event.currentTarget.value)}
        data-testid="segment-note"
      />
      <div>
        <span className={css.formLabel}>{t('segment.conditions')}</span>
        <FilterBar fields={fields} words={words} filter={filter} onFilter={setFilter} />
      </div>
      <span
        role="status"
        className="soft"
        data-testid="segment-draft-count"
        data-count={filter ? count.data : undefined}
      >
        {filter && count.data !== undefined
          ? t('segment.count', { n: count.data, shown: format.number(count.data) })
          : ' '}
      </span>
      {save.isError && (
        <span role="alert" className={css.bad}>
          {errorText(save.error)}
        </span>
      )}
      <div className="row">
        <Button type="submit" loading={save.isPending} disabled={!name.trim() || !filter} data-testid="segment-keep">
          {t('action.save')}
        </Button>
        <Button variant="subtle" color="gray" onClick={props.onCancel}>
          {t('action.cancel')}
        </Button>
      </div>
    </form>
  );
}
