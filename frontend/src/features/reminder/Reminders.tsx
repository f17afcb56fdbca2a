import { ActionIcon, Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Ban, Bell, Check, CircleCheck, Clock, MessageSquare, TriangleAlert, X, type LucideIcon } from 'lucide-react';
import { useCan, useErrorText, useReport } from '@/api/react';
import { cancelReminder, finishReminder, reminderKeys, remindersQuery, type ReminderFilter } from '@/api/reminders';
import type { Client, Reminder } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Empty, Failed, Page, Section, SkeletonRows, type Tone } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import css from './reminder.module.css';

const looks: Record<string, { icon: LucideIcon; tone: Tone }> = {
  pending: { icon: Clock, tone: 'plain' },
  fired: { icon: Check, tone: 'good' },
  done: { icon: CircleCheck, tone: 'good' },
  expired: { icon: TriangleAlert, tone: 'warn' },
  failed: { icon: TriangleAlert, tone: 'bad' },
  cancelled: { icon: Ban, tone: 'plain' },
};
/** What still waits for somebody: a colleague's reminder does until it is done. */
function waits(reminder: Reminder): boolean {
  return reminder.state === 'pending' || (reminder.state === 'fired' && reminder.audience === 'user');
}

export function RemindersPage(props: { filter: ReminderFilter; onFilter(part: Partial<ReminderFilter>): void }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useInfiniteQuery(remindersQuery(props.filter));
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <Page
      title={t('nav.reminders')}
      testId="reminders-page"
      lead={
        <Segmented
          value={props.filter.mine ? 'mine' : 'all'}
          onChange={(whose) => props.onFilter({ mine: whose === 'mine' ? true : undefined })}
          label={t('reminder.whose')}
          data={[
            { value: 'all', label: t('reminder.all') },
            { value: 'mine', label: t('reminder.mine') },
          ]}
        />
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={10} />
      ) : query.isError && rows.length === 0 ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty icon={Bell} title={t('reminder.none')}>
          {t('reminder.none.text')}
        </Empty>
      ) : (
        <ul className={css.list}>
          {rows.map((reminder) => (
            <Row key={reminder.id} reminder={reminder} wide />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <p style={{ padding: '12px 20px', margin: 0 }}>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('action.load_more')}
          </Button>
        </p>
      )}
    </Page>
  );
}

/** On the card: what was promised to this client. */
export function ClientReminders(props: { client: Client }) {
  const t = useT();
  const query = useInfiniteQuery(remindersQuery({ client_id: props.client.id }));
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <Section title={t('nav.reminders')} testId="client-reminders">
      {rows.length === 0 ? (
        <p className="soft">{t('reminder.none_of_client')}</p>
      ) : (
        <ul className={css.small}>
          {rows.slice(0, 8).map((reminder) => (
            <Row key={reminder.id} reminder={reminder} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Row(props: { reminder: Reminder; wide?: boolean }) {
  const { reminder } = props;
  const t = useT();
  const can = useCan();
  const code = useCode();
  const report = useReport();
  const format = useFormat();
  const now = useNow();
  const cache = useQueryClient();
  const options = {
    onSuccess: () => void cache.invalidateQueries({ queryKey: reminderKeys.all }),
    onError: report,
  };
  const finish = useMutation({ mutationFn: () => finishReminder(reminder.id), ...options });
  const cancel = useMutation({ mutationFn: () => cancelReminder(reminder.id), ...options });
  const { icon, tone } = looks[reminder.state] ?? { icon: Clock, tone: 'plain' as Tone };
  const late = reminder.state === 'pending' && Date.parse(reminder.due_at) < now;
  return (
    <li
      className={props.wide ? css.row : css.item}
      data-testid="reminder-row"
      data-reminder-id={reminder.id}
      data-state={reminder.state}
    >
      <time
        className={late ? css.late : 'strong'}
        title={`${reminder.local_time.replace('T', ' ')} ${reminder.time_zone}`}
      >
        {format.when(reminder.due_at, now)}
      </time>
      <div className={css.text}>
        <span>{reminder.text}</span>
        <span className="whisper row" style={{ gap: 4 }}>
          {reminder.channel === 'sms' ? <MessageSquare size={12} aria-hidden /> : <Bell size={12} aria-hidden />}
          {reminder.audience === 'client'
            ? t('reminder.to_client', { name: reminder.client_name })
            : t('reminder.to_user', { name: reminder.user_name })}
        </span>
      </div>
      {props.wide && reminder.client_id ? (
        <Link to="/clients/$clientId" params={{ clientId: String(reminder.client_id) }} className={css.link}>
          {reminder.client_name}
        </Link>
      ) : props.wide ? (
        <span />
      ) : null}
      <Badge tone={late ? 'warn' : tone} icon={icon} state={reminder.state}>
        {code('reminder.state', reminder.state)}
      </Badge>
      <span className={css.actions}>
        {can('reminders.write') && waits(reminder) && (
          <>
            {reminder.audience === 'user' && (
              <ActionIcon
                aria-label={t('reminder.done')}
                title={t('reminder.done')}
                onClick={() => finish.mutate()}
                data-testid="reminder-done"
              >
                <Check size={15} aria-hidden />
              </ActionIcon>
            )}
            <ActionIcon
              aria-label={t('reminder.cancel')}
              title={t('reminder.cancel')}
              onClick={() => cancel.mutate()}
              data-testid="reminder-cancel"
            >
              <X size={15} aria-hidden />
            </ActionIcon>
          </>
        )}
      </span>
    </li>
  );
}
