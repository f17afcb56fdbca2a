import { Button, Select, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMe } from '@/api/react';
import { closings, type Closing, type Lead } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { instantOf, wallClock } from '@/lib/zone';
import { WhenField } from '@/ui/WhenField';
import type { LeadActions } from './actions';
import css from './lead.module.css';

const reasonNeeded = new Set<string>(['written_off', 'duplicate']);

/** A lead leaves only through a typed closing; two of them need the reason in words. */
export function CloseForm(props: {
  lead: Pick<Lead, 'id'>;
  actions: LeadActions;
  onDone(): void;
  suggested?: Closing;
}) {
  const t = useT();
  const { lead, actions } = props;
  const draft = useDraft<{ closing: string; reason: string }>(`lead.${lead.id}.close`, {
    closing: props.suggested ?? '',
    reason: '',
  });
  const { closing, reason } = draft.value;
  const needs = reasonNeeded.has(closing);
  const ready = closing !== '' && (!needs || reason.trim() !== '');
  return (
    <form
      className="stack"
      style={{ gap: 8 }}
      data-testid="close-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) return;
        actions.close.mutate(
          { lead, closing: closing as Closing, reason: reason.trim() },
          {
            onSuccess: () => {
              draft.clear();
              props.onDone();
            },
          },
        );
      }}
    >
      <Select
        label={t('lead.close_as')}
        placeholder={t('lead.close_choose')}
        value={closing || null}
        onChange={(value) => draft.patch({ closing: value ?? '' })}
        data={closings.map((each) => ({ value: each, label: t(`closing.${each}`) }))}
        maxDropdownHeight={320}
        comboboxProps={{ withinPortal: false }}
        data-testid="closing-type"
      />
      <Textarea
        label={needs ? t('lead.reason_needed') : t('lead.reason')}
        value={reason}
        onChange={(event) => draft.patch({ reason: event.currentTarget.value })}
        data-testid="closing-reason"
      />
      <Button type="submit" disabled={!ready} loading={actions.close.isPending} data-testid="close-lead-submit">
        {t('lead.close')}
      </Button>
    </form>
  );
}

/** A promise with a date: what will be done next, and when. */
export function NextStepForm(props: {
  lead: Pick<Lead, 'id'> & Partial<Pick<Lead, 'next_step_at' | 'next_step_note'>>;
  actions: LeadActions;
  onDone(): void;
}) {
  const t = useT();
  const zone = useMe().firm.time_zone;
  const { lead, actions } = props;
  const draft = useDraft(`lead.${lead.id}.step`, {
    at: lead.next_step_at ? wallClock(Date.parse(lead.next_step_at), zone) : '',
    note: lead.next_step_note ?? '',
  });
  const { at, note } = draft.value;
  const instant = at ? instantOf(at, zone) : Number.NaN;
  const done = () => {
    draft.clear();
    props.onDone();
  };
  return (
    <form
      className="stack"
      style={{ gap: 8 }}
      data-testid="next-step-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!Number.isFinite(instant)) return;
        actions.plan.mutate({ lead, at: new Date(instant).toISOString(), note: note.trim() }, { onSuccess: done });
      }}
    >
      <WhenField
        label={t('lead.step_at')}
        zone={zone}
        value={at}
        onChange={(value) => draft.patch({ at: value })}
        testId="next-step-at"
      />
      <TextInput
        label={t('lead.step_note')}
        value={note}
        onChange={(event) => draft.patch({ note: event.currentTarget.value })}
        data-testid="next-step-note"
      />
      <div className="row">
        <Button
          type="submit"
          className="grow"
          disabled={!Number.isFinite(instant)}
          loading={actions.plan.isPending}
          data-testid="next-step-submit"
        >
          {t('lead.plan_step')}
        </Button>
        {lead.next_step_at && (
          <Button
            variant="default"
            onClick={() => actions.plan.mutate({ lead, at: null, note: '' }, { onSuccess: done })}
            data-testid="next-step-clear"
          >
            {t('lead.clear_step')}
          </Button>
        )}
      </div>
    </form>
  );
}

/** After a talk on a lead: close it, or promise something with a date. */
export function OutcomeForm(props: {
  leadId: number;
  actions: LeadActions;
  suggested?: Closing;
  /** Somebody was talked to; otherwise a next step is the likelier outcome. */
  reached: boolean;
  onDone(): void;
}) {
  const t = useT();
  const [tab, setTab] = useState<'close' | 'step'>(props.reached ? 'close' : 'step');
  return (
    <div className={css.outcome} data-testid="outcome-form" data-lead-id={props.leadId}>
      <div className="row" role="tablist" aria-label={t('lead.outcome')}>
        {(['close', 'step'] as const).map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            className={css.tab}
            aria-selected={tab === each}
            onClick={() => setTab(each)}
            data-testid={`outcome-${each}`}
          >
            {each === 'close' ? t('lead.close') : t('lead.plan_step')}
          </button>
        ))}
      </div>
      {tab === 'close' ? (
        <CloseForm
          lead={{ id: props.leadId }}
          actions={props.actions}
          suggested={props.suggested}
          onDone={props.onDone}
        />
      ) : (
        <NextStepForm lead={{ id: props.leadId }} actions={props.actions} onDone={props.onDone} />
      )}
    </div>
  );
}
