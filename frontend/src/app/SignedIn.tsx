import { useQueryClient } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useErrorText } from '@/api/react';
import { sessionKeys, signOut } from '@/api/session';
import type { Me } from '@/api/types';
import { TelephoneContext, type Telephone } from '@/call/context';
import { useCode, useT, type Locale } from '@/lib/i18n';
import { LiveContext } from '@/live/context';
import { DialContext, type DialTarget } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import { Desk, type DeskWishes } from './desk';
import { createAppRouter } from './router';

/** Everything behind the login: one desk, one router, for one person. */
export function SignedIn(props: { me: Me; onLocale(locale: Locale): void; locked: boolean }) {
  const client = useQueryClient();
  const wishes = useWishes();
  const latest = useRef(wishes);
  latest.current = wishes;
  const [desk] = useState(
    () =>
      new Desk(props.me, client, {
        failed: (error) => latest.current.failed(error),
        reminderDue: (reminder) => latest.current.reminderDue(reminder),
        messageIn: (message) => latest.current.messageIn(message),
        exportNews: (news) => latest.current.exportNews(news),
        importEnded: (ended) => latest.current.importEnded(ended),
        bulkEnded: (ended) => latest.current.bulkEnded(ended),
        notice: (level, code) => latest.current.notice(level, code),
        callNotice: () => latest.current.callNotice(),
      }),
  );
  const onLocale = useRef(props.onLocale);
  onLocale.current = props.onLocale;
  const [router] = useState(() =>
    createAppRouter({
      onLocale: (locale) => onLocale.current(locale),
      onSignOut: () => {
        void signOut()
          .catch(() => undefined)
          .then(() => {
            client.clear();
            client.setQueryData(sessionKeys.me, null);
          });
      },
    }),
  );

  const { locked } = props;
  useEffect(() => {
    if (locked) return;
    desk.start();
    return () => desk.stop();
  }, [desk, locked]);

  const telephone = useMemo<Telephone>(
    () => ({
      softphone: desk.softphone,
      ringer: desk.ringer,
      takeOver: desk.takeOver,
      devicesChanged: desk.devicesChanged,
    }),
    [desk],
  );
  const dial = useMemo(
    () => (target: DialTarget) => {
      const shown = !target.number.includes('•');
      if (!shown && !target.pointId && target.leadId) {
        void desk.softphone.callBack(target.leadId);
        return;
      }
      void desk.softphone.dial({
        ...(target.pointId ? { contact_point_id: target.pointId } : { number: target.number }),
        ...(target.clientId ? { client_id: target.clientId } : {}),
        ...(target.leadId ? { lead_id: target.leadId } : {}),
      });
    },
    [desk],
  );

  return (
    <LiveContext.Provider value={desk.live.state}>
      <TelephoneContext.Provider value={telephone}>
        <DialContext.Provider value={dial}>
          <RouterProvider router={router} />
        </DialContext.Provider>
      </TelephoneContext.Provider>
    </LiveContext.Provider>
  );
}

/** How what happens outside of the screens is told to the person. */
function useWishes(): DeskWishes {
  const t = useT();
  const code = useCode();
  const toast = useToast();
  const errorText = useErrorText();
  return {
    failed: (error) =>
      toast.failed(
        error instanceof Error && error.message === 'microphone' ? t('phone.microphone.denied') : errorText(error),
      ),
    reminderDue: (reminder) =>
      toast.done(
        reminder.client_name
          ? t('reminder.due_for', { text: reminder.text, name: reminder.client_name })
          : t('reminder.due', { text: reminder.text }),
      ),
    messageIn: (message) =>
      toast.done(t('sms.arrived', { name: message.client_name || message.from, text: message.body })),
    exportNews: (news) => {
      if (news.kind === 'canary.heard') toast.failed(t('canary.title'));
      else if (news.kind === 'export.ready') toast.done(t('export.ended.ready', { rows: news.rows ?? 0 }));
      else if (news.kind === 'export.waiting')
        toast.done(t('export.asks', { name: news.author_name ?? '', n: news.total ?? 0 }));
      else if (news.state === 'refused')
        toast.failed(t('export.ended.refused', { by: news.by ?? '', decision: news.decision ?? '' }));
      else toast.done(t('export.ended.approved', { by: news.by ?? '' }));
    },
    importEnded: (ended) => {
      const name = ended.file_name;
      if (ended.state === 'failed') toast.failed(t('import.ended.failed', { name }));
      else if (ended.state === 'undone') toast.done(t('import.ended.undone', { name }));
      else toast.done(t('import.ended.done', { ...ended, name }));
    },
    bulkEnded: (ended) => {
      if (ended.state === 'failed') toast.failed(t('bulk.ended.failed'));
      else if (ended.state === 'undone') toast.done(t('bulk.ended.undone', { n: ended.undone }));
      else toast.done(t('bulk.ended.done', { n: ended.changed }));
    },
    notice: (level, name) =>
      level === 'error' ? toast.failed(code('notice', name)) : toast.done(code('notice', name)),
    callNotice: () => ({
      title: ({ view }) =>
        t('notify.call', {
          name:
            view?.client_name || view?.caller_name || view?.number.display || view?.number.raw || t('number.withheld'),
        }),
      body: ({ view }) => [view?.number.display, view?.line?.name].filter(Boolean).join(' · '),
      accept: t('ring.accept'),
      decline: t('ring.decline'),
    }),
  };
}
