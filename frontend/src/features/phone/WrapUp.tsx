import { Button, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, TimerReset } from 'lucide-react';
import { callKeys } from '@/api/calls';
import { dispositionsQuery, endWrapUp, extendWrapUp } from '@/api/desk';
import { useErrorText, useReport } from '@/api/react';
import type { CallView, Presence } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useDraft } from '@/lib/draft';
import { clockText } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Kbd } from '@/ui/kit';
import css from './phone.module.css';

/** How many dispositions have a number key. */
const keyed = 9;

/**
 * The work after a conversation: what it came to, in a choice and in words. The clock is the server's; what is typed
 * is kept when it runs out, and can still be saved.
 */
export function WrapUp(props: { call: CallView; wrap: Presence | undefined; onDone(): void }) {
  const { call, wrap } = props;
  const t = useT();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const queue = call.path.at(-1);
  const choices = (useQuery(dispositionsQuery).data ?? []).filter(
    (each) => each.active && (!each.queue_id || (queue?.kind === 'queue' && queue.id === each.queue_id)),
  );
  const draft = useDraft<{ disposition: number; note: string }>(`call.${call.id}.wrap-up`, {
    disposition: 0,
    note: '',
  });
  const { disposition, note } = draft.value;
  const refresh = () => cache.invalidateQueries({ queryKey: callKeys.presence });
  const done = useMutation({
    mutationFn: () =>
      endWrapUp(call.id, {
        ...(disposition ? { disposition_id: disposition } : {}),
        ...(note.trim() ? { note: note.trim() } : {}),
      }),
    onSuccess: async () => {
      draft.clear();
      await refresh();
      props.onDone();
    },
  });
  const extend = useMutation({ mutationFn: () => extendWrapUp(call.id), onSuccess: refresh, onError: report });
  if (!wrap && !draft.dirty) return null;
  return (
    <form
      className={css.wrapUp}
      data-testid="wrap-up"
      aria-label={t('wrap.title')}
      onSubmit={(event) => {
        event.preventDefault();
        done.mutate();
      }}
      onKeyDown={(event) => {
        const place = Number(event.key) - 1;
        const choice = choices[place];
        if (place < keyed && choice && !(event.target instanceof HTMLTextAreaElement)) {
          event.preventDefault();
          draft.patch({ disposition: choice.id });
        }
      }}
    >
      <Countdown wrap={wrap} />
      {choices.length > 0 && (
        <div role="radiogroup" aria-label={t('wrap.disposition')} className={css.choices}>
          {choices.map((choice, place) => (
            <button
              key={choice.id}
              type="button"
              role="radio"
              aria-checked={choice.id === disposition}
              onClick={() => draft.patch({ disposition: choice.id === disposition ? 0 : choice.id })}
              data-testid="disposition"
            >
              {place < keyed && <Kbd keys={String(place + 1)} />}
              {choice.name}
            </button>
          ))}
        </div>
      )}
      <Textarea
        autosize
        minRows={2}
        maxRows={6}
        maxLength={4000}
        aria-label={t('wrap.note')}
        placeholder={t('wrap.note')}
        value={note}
        onChange={(event) => draft.patch({ note: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            done.mutate();
          }
        }}
        error={done.isError ? errorText(done.error) : undefined}
        data-testid="wrap-note"
      />
      <div className="row">
        <Button
          type="submit"
          leftSection={<Check size={14} aria-hidden />}
          loading={done.isPending}
          data-testid="wrap-done"
        >
          {t('wrap.done')}
        </Button>
        {wrap?.until && (
          <Button
            variant="default"
            leftSection={<TimerReset size={14} aria-hidden />}
            loading={extend.isPending}
            onClick={() => extend.mutate()}
            data-testid="wrap-extend"
          >
            {t('wrap.extend')}
          </Button>
        )}
      </div>
    </form>
  );
}

/** What is left of the time: digits, and a bar whose colour says how urgent it is. */
function Countdown(props: { wrap: Presence | undefined }) {
  const t = useT();
  const now = useNow();
  const { wrap } = props;
  if (!wrap) return <p className="whisper">{t('wrap.over')}</p>;
  if (!wrap.until) return <p className="whisper">{t('wrap.until_done')}</p>;
  const total = Math.max(1, Date.parse(wrap.until) - Date.parse(wrap.since));
  const left = Math.max(0, Date.parse(wrap.until) - now);
  const share = left / total;
  const tone = share > 0.5 ? 'good' : share > 0.25 ? 'warn' : left > 0 ? 'late' : 'bad';
  return (
    <div className={css.countdown} data-tone={tone}>
      <span>{t('wrap.title')}</span>
      <span className="num" data-testid="wrap-left" role="timer">
        {clockText(Math.ceil(left / 1000))}
      </span>
      <span className={css.countdownBar} style={{ width: `${Math.round(share * 100)}%` }} aria-hidden />
    </div>
  );
}
