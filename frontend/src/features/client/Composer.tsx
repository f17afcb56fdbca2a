import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Bell, MessageSquare, StickyNote } from 'lucide-react';
import { useState } from 'react';
import { addNote } from '@/api/clients';
import { useCan, useReport } from '@/api/react';
import type { Client } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { Segmented } from '@/ui/Segmented';
import { useToast } from '@/ui/toast';
import type { CardSlots } from './ClientCard';
import css from './client.module.css';

type Tab = 'note' | 'sms' | 'reminder';

/** One place to write: a note, an SMS, a reminder. Each keeps its draft. */
export function Composer(props: { client: Client; slots: CardSlots }) {
  const { client, slots } = props;
  const t = useT();
  const can = useCan();
  const [tab, setTab] = useState<Tab>('note');
  return (
    <div className={css.composer}>
      <Segmented
        value={tab}
        onChange={(next: Tab) => setTab(next)}
        label={t('compose.what')}
        data={[
          { value: 'note', label: t('compose.note'), icon: StickyNote, testId: 'tab-note' },
          {
            value: 'sms',
            label: t('compose.sms'),
            icon: MessageSquare,
            testId: 'tab-sms',
            disabled: !can('messages.send'),
          },
          {
            value: 'reminder',
            label: t('compose.reminder'),
            icon: Bell,
            testId: 'tab-reminder',
            disabled: !can('reminders.write'),
          },
        ]}
      />
      <div hidden={tab !== 'note'}>
        <NoteForm clientId={client.id} />
      </div>
      <div hidden={tab !== 'sms'}>{slots.sms(client)}</div>
      <div hidden={tab !== 'reminder'}>{slots.reminder(client)}</div>
    </div>
  );
}

function NoteForm(props: { clientId: number }) {
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const draft = useDraft(`client.${props.clientId}.note`, '');
  const save = useMutation({
    mutationFn: () => addNote(props.clientId, draft.value.trim()),
    onSuccess: () => {
      draft.clear();
      toast.done(t('compose.note.saved'));
      void cache.invalidateQueries({ queryKey: ['timeline', props.clientId] });
    },
    onError: report,
  });
  const submit = () => {
    if (draft.value.trim() && !save.isPending) save.mutate();
  };
  return (
    <form
      className="stack"
      style={{ gap: 8 }}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Textarea
        aria-label={t('compose.note')}
        placeholder={t('compose.note.placeholder')}
        value={draft.value}
        onChange={(event) => draft.set(event.currentTarget.value)}
        onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && submit()}
        data-testid="note-text"
      />
      <div className="row">
        <span className="whisper grow">{draft.dirty ? t('compose.kept') : t('compose.ctrl_enter')}</span>
        <Button type="submit" disabled={!draft.value.trim()} loading={save.isPending} data-testid="note-save">
          {t('compose.note.save')}
        </Button>
      </div>
    </form>
  );
}
