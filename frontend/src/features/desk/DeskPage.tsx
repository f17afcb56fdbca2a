import { ActionIcon, Button, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, Plus } from 'lucide-react';
import { deskKeys, dispositionsQuery, reasonsQuery, saveDispositions, saveReasons } from '@/api/desk';
import { queuesQuery } from '@/api/queues';
import { useCan, useErrorText } from '@/api/react';
import type { Disposition, DispositionFields, PauseReason } from '@/api/types';
import { useReasonName } from '@/call/reasons';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { Failed, Section, SkeletonRows } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './desk.module.css';

/** What the firm sets for its agents: why somebody takes no calls, and what a conversation comes to. */
export function DeskPage() {
  const errorText = useErrorText();
  const can = useCan();
  const reasons = useQuery(reasonsQuery);
  const dispositions = useQuery(dispositionsQuery);
  if (reasons.isPending || dispositions.isPending) return <SkeletonRows rows={8} />;
  if (reasons.isError || dispositions.isError) {
    return <Failed text={errorText(reasons.error ?? dispositions.error)} retry={() => void reasons.refetch()} />;
  }
  const editable = can('settings.write');
  return (
    <div className={css.page}>
      <Reasons reasons={reasons.data} editable={editable} />
      <Dispositions dispositions={dispositions.data} editable={editable} />
    </div>
  );
}

function useSaver<T>(save: (items: T[]) => Promise<unknown>, clear: () => void) {
  const t = useT();
  const toast = useToast();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: save,
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: deskKeys.all });
      clear();
      toast.done(t('settings.saved'));
    },
  });
}

function moved<T>(list: T[], from: number, by: number): T[] {
  const copy = [...list];
  const [one] = copy.splice(from, 1);
  if (one !== undefined) copy.splice(from + by, 0, one);
  return copy;
}

function Order(props: { at: number; count: number; name: string; onMove(by: number): void }) {
  const t = useT();
  return (
    <span className={css.order}>
      <ActionIcon
        variant="subtle"
        color="gray"
        disabled={props.at === 0}
        aria-label={t('desk.move_up', { name: props.name })}
        onClick={() => props.onMove(-1)}
      >
        <ArrowUp size={14} />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="gray"
        disabled={props.at === props.count - 1}
        aria-label={t('desk.move_down', { name: props.name })}
        onClick={() => props.onMove(1)}
      >
        <ArrowDown size={14} />
      </ActionIcon>
    </span>
  );
}

function Reasons(props: { reasons: PauseReason[]; editable: boolean }) {
  const t = useT();
  const errorText = useErrorText();
  const nameOf = useReasonName();
  const { editable } = props;
  const draft = useDraft<{ items: PauseReason[] }>('desk.reasons', { items: props.reasons });
  const { items } = draft.value;
  const save = useSaver(saveReasons, draft.clear);
  const change = (at: number, fields: Partial<PauseReason>) =>
    draft.patch({ items: items.map((each, place) => (place === at ? { ...each, ...fields } : each)) });
  const fresh = () => {
    const taken = new Set(items.map((each) => each.code));
    const number = items.findIndex((_, place) => !taken.has(`own_${place + 1}`)) + 1 || items.length + 1;
    return { code: `own_${number}`, name: '', limit_minutes: 0, active: true };
  };
  return (
    <Section title={t('desk.reasons')} testId="desk-reasons">
      <p className="whisper">{t('desk.reasons.help')}</p>
      {items.map((reason, at) => (
        <div className={css.line} key={reason.code}>
          <TextInput
            className="grow"
            aria-label={t('desk.reason_name')}
            placeholder={reason.code.startsWith('own_') ? t('desk.reason_name') : nameOf(reason.code)}
            value={reason.name}
            readOnly={!editable}
            maxLength={60}
            onChange={(event) => change(at, { name: event.currentTarget.value })}
          />
          <NumberInput
            w={130}
            aria-label={t('desk.limit_of', { name: nameOf(reason.code) })}
            suffix={` ${t('unit.min')}`}
            placeholder={t('desk.no_limit')}
            min={0}
            max={1440}
            readOnly={!editable}
            value={reason.limit_minutes || ''}
            onChange={(value) => change(at, { limit_minutes: Number(value) || 0 })}
          />
          <Switch
            aria-label={t('desk.offered', { name: nameOf(reason.code) })}
            checked={reason.active}
            disabled={!editable}
            onChange={(event) => change(at, { active: event.currentTarget.checked })}
          />
          {editable && (
            <Order
              at={at}
              count={items.length}
              name={nameOf(reason.code)}
              onMove={(by) => draft.patch({ items: moved(items, at, by) })}
            />
          )}
        </div>
      ))}
      {save.isError && <p role="alert">{errorText(save.error)}</p>}
      {editable && (
        <div className="row">
          <Button
            size="xs"
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => draft.patch({ items: [...items, fresh()] })}
            data-testid="add-reason"
          >
            {t('desk.add_reason')}
          </Button>
          <Button
            size="xs"
            disabled={!draft.dirty || items.some((each) => each.code.startsWith('own_') && !each.name.trim())}
            loading={save.isPending}
            onClick={() => save.mutate(items)}
            data-testid="save-reasons"
          >
            {t('action.save')}
          </Button>
        </div>
      )}
    </Section>
  );
}

function Dispositions(props: { dispositions: Disposition[]; editable: boolean }) {
  const t = useT();
  const errorText = useErrorText();
  const { editable } = props;
  const queues = useQuery(queuesQuery).data ?? [];
  const draft = useDraft<{ items: DispositionFields[] }>('desk.dispositions', { items: props.dispositions });
  const { items } = draft.value;
  const save = useSaver(saveDispositions, draft.clear);
  const change = (at: number, fields: Partial<DispositionFields>) =>
    draft.patch({ items: items.map((each, place) => (place === at ? { ...each, ...fields } : each)) });
  return (
    <Section title={t('desk.dispositions')} testId="desk-dispositions">
      <p className="whisper">{t('desk.dispositions.help')}</p>
      {items.map((each, at) => (
        <div className={css.line} key={each.id ?? `new-${at}`}>
          <TextInput
            className="grow"
            aria-label={t('desk.disposition_name')}
            placeholder={t('desk.disposition_name')}
            value={each.name}
            readOnly={!editable}
            maxLength={80}
            onChange={(event) => change(at, { name: event.currentTarget.value })}
            data-testid="disposition-name"
          />
          <Select
            w={200}
            aria-label={t('desk.disposition_queue')}
            placeholder={t('desk.all_queues')}
            clearable
            disabled={!editable}
            value={each.queue_id ? String(each.queue_id) : null}
            onChange={(id) => change(at, { queue_id: id ? Number(id) : undefined })}
            data={queues.map((queue) => ({ value: String(queue.id), label: queue.name }))}
          />
          <Switch
            aria-label={t('desk.offered', { name: each.name })}
            checked={each.active}
            disabled={!editable}
            onChange={(event) => change(at, { active: event.currentTarget.checked })}
          />
          {editable && (
            <Order
              at={at}
              count={items.length}
              name={each.name}
              onMove={(by) => draft.patch({ items: moved(items, at, by) })}
            />
          )}
        </div>
      ))}
      {save.isError && <p role="alert">{errorText(save.error)}</p>}
      {editable && (
        <div className="row">
          <Button
            size="xs"
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => draft.patch({ items: [...items, { name: '', active: true }] })}
            data-testid="add-disposition"
          >
            {t('desk.add_disposition')}
          </Button>
          <Button
            size="xs"
            disabled={!draft.dirty || items.some((each) => !each.name.trim())}
            loading={save.isPending}
            onClick={() => save.mutate(items)}
            data-testid="save-dispositions"
          >
            {t('action.save')}
          </Button>
        </div>
      )}
    </Section>
  );
}
