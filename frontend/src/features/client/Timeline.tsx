import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import {
  History,
  MessageSquareReply,
  MessageSquareShare,
  PhoneIncoming,
  PhoneMissed,
  PhoneOutgoing,
  StickyNote,
  Voicemail,
  type LucideIcon,
} from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { timelineQuery } from '@/api/clients';
import { useCan, useErrorText } from '@/api/react';
import type { TimelineEntry } from '@/api/types';
import { useNow } from '@/lib/clock';
import { clockText, useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Empty, Failed, SkeletonRows, type Tone } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import css from './client.module.css';

const playable = new Set(['ready', 'recording', 'processing']);

/** Every contact over every channel, newest first. */
export function Timeline(props: { clientId: number; recording(callId: number): ReactNode }) {
  const t = useT();
  const format = useFormat();
  const errorText = useErrorText();
  const now = useNow(false);
  const [kinds, setKinds] = useState('');
  const query = useInfiniteQuery(timelineQuery(props.clientId, kinds));
  const entries = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  let day = '';
  return (
    <section className={css.timeline} aria-label={t('timeline.title')} data-testid="timeline">
      <header className={css.timelineHead}>
        <h2>{t('timeline.title')}</h2>
        <Segmented
          value={kinds}
          onChange={setKinds}
          label={t('timeline.filter')}
          data={['', 'call', 'sms', 'note'].map((kind) => ({
            value: kind,
            testId: `timeline-${kind || 'all'}`,
            label: t(kind === '' ? 'timeline.all' : `timeline.kind.${kind as 'call' | 'sms' | 'note'}`),
          }))}
        />
      </header>
      {query.isPending ? (
        <SkeletonRows rows={5} height={56} />
      ) : query.isError && entries.length === 0 ? (
        <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : entries.length === 0 ? (
        <Empty small icon={History} title={t('timeline.none')}>
          {t('timeline.none.text')}
        </Empty>
      ) : (
        <ol className={css.entries}>
          {entries.map((entry) => {
            const heading = format.dayHeading(entry.at, now);
            const fresh = heading !== day;
            day = heading;
            return (
              <li key={`${entry.kind}-${entry.id}`}>
                {fresh && <h3 className={css.day}>{heading}</h3>}
                <Entry entry={entry} recording={props.recording} />
              </li>
            );
          })}
        </ol>
      )}
      {query.hasNextPage && (
        <Button
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
          data-testid="timeline-more"
        >
          {t('action.load_more')}
        </Button>
      )}
    </section>
  );
}

function look(entry: TimelineEntry): { icon: LucideIcon; tone: Tone } {
  if (entry.kind === 'note') return { icon: StickyNote, tone: 'plain' };
  if (entry.kind === 'sms') {
    return { icon: entry.direction === 'in' ? MessageSquareReply : MessageSquareShare, tone: 'plain' };
  }
  if (!entry.call?.outcome) return { icon: entry.direction === 'in' ? PhoneIncoming : PhoneOutgoing, tone: 'accent' };
  const answered = entry.call.outcome === 'answered';
  if (entry.call.voicemail) return { icon: Voicemail, tone: 'warn' };
  if (entry.direction === 'in') {
    return answered ? { icon: PhoneIncoming, tone: 'good' } : { icon: PhoneMissed, tone: 'bad' };
  }
  return { icon: PhoneOutgoing, tone: answered ? 'good' : 'warn' };
}

function Entry(props: { entry: TimelineEntry; recording(callId: number): ReactNode }) {
  const { entry } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const { icon: Icon, tone } = look(entry);
  return (
    <article
      className={css.entry}
      data-testid="timeline-entry"
      data-kind={entry.kind}
      data-entry-id={entry.id}
      data-call-id={entry.call?.id}
    >
      <span className={css.entryIcon} data-tone={tone}>
        <Icon size={15} aria-hidden />
      </span>
      <div className="grow">
        <header className={css.entryHead}>
          <span className="strong">{headline(entry, t, code)}</span>
          {entry.sms && <SmsState state={entry.sms.state} direction={entry.direction} />}
          <span className="soft truncate">{[entry.user_name, entry.line_name].filter(Boolean).join(' · ')}</span>
          <span className="grow" />
          {entry.lead_id && (
            <Link to="/leads/$leadId" params={{ leadId: String(entry.lead_id) }} className={css.link}>
              {t('lead.number', { id: entry.lead_id })}
            </Link>
          )}
          <time className="soft" dateTime={entry.at} title={format.exact(entry.at)}>
            {format.time(entry.at)}
          </time>
        </header>
        {entry.call && <CallBody call={entry.call} recording={props.recording} />}
        {entry.sms && <p className={css.bubble}>{entry.sms.body}</p>}
        {entry.sms?.error && <p className={css.error}>{code('sms.error', entry.sms.error)}</p>}
        {entry.note && <p className={css.noteText}>{entry.note.text}</p>}
      </div>
    </article>
  );
}

function headline(entry: TimelineEntry, t: ReturnType<typeof useT>, code: ReturnType<typeof useCode>): string {
  if (entry.kind === 'note') return t('timeline.note');
  if (entry.kind === 'sms') return entry.direction === 'in' ? t('timeline.sms_in') : t('timeline.sms_out');
  const what = entry.direction === 'in' ? t('timeline.call_in') : t('timeline.call_out');
  return `${what} · ${code('outcome', entry.call?.outcome || 'live')}`;
}

function SmsState(props: { state: string; direction: string }) {
  const code = useCode();
  if (props.direction === 'in') return null;
  const tone: Tone =
    props.state === 'delivered' ? 'good' : ['failed', 'undelivered', 'unknown'].includes(props.state) ? 'bad' : 'plain';
  return (
    <Badge tone={tone} state={props.state}>
      {code('sms.state', props.state)}
    </Badge>
  );
}

function CallBody(props: { call: NonNullable<TimelineEntry['call']>; recording(callId: number): ReactNode }) {
  const { call } = props;
  const t = useT();
  const code = useCode();
  const can = useCan();
  const [open, setOpen] = useState(false);
  const facts = [
    call.duration_s > 0 ? t('timeline.talked', { time: clockText(call.duration_s) }) : '',
    call.wait_s > 0 ? t('timeline.waited', { time: clockText(call.wait_s) }) : '',
    call.outcome !== 'answered' && call.cause_text ? code('cause', call.cause_text) : '',
  ].filter(Boolean);
  const hasRecording = playable.has(call.recording_state) && can('recordings.play');
  return (
    <>
      <p className={css.callFacts}>
        <span className="soft num">{facts.join(' · ')}</span>
        {hasRecording && !open && (
          <Button size="compact-xs" variant="default" onClick={() => setOpen(true)} data-testid="open-recording">
            {call.voicemail ? t('recording.open_message') : t('recording.open')}
          </Button>
        )}
      </p>
      {open && props.recording(call.id)}
    </>
  );
}
