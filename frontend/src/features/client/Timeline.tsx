import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import {
  History,
  MessageSquareReply,
  MessageSquareShare,
  Paperclip,
  PhoneIncoming,
  PhoneMissed,
  PhoneOutgoing,
  StickyNote,
  Voicemail,
  type LucideIcon,
} from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { olderTimelineQuery, timelineQuery } from '@/api/clients';
import { fileAddress } from '@/api/files';
import { useCan, useErrorText } from '@/api/react';
import { timelineKinds, type TimelineEntry, type TimelineKind } from '@/api/types';
import { useNow } from '@/lib/clock';
import { clockText, useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Empty, Failed, PhoneNumber, SkeletonRows, type Tone } from '@/ui/kit';
import css from './client.module.css';

const playable = new Set(['ready', 'recording', 'processing']);
const latestCount = 12;

interface TimelineProps {
  clientId: number;
  recording(callId: number): ReactNode;
}

/** The newest entries, kept fresh, and as many of the older ones as were asked for. */
function useTimeline(clientId: number, kinds: string) {
  const newest = useQuery(timelineQuery(clientId, kinds));
  const start = newest.data?.next ?? '';
  const older = useInfiniteQuery({ ...olderTimelineQuery(clientId, kinds, start), enabled: false });
  const entries = useMemo(
    () => [...(newest.data?.items ?? []), ...(older.data?.pages.flatMap((page) => page.items) ?? [])],
    [newest.data, older.data],
  );
  const more = start !== '' && (older.data === undefined || older.hasNextPage);
  return { newest, older, entries, more };
}

/** What happened last, under the forms that add to it. */
export function LatestEntries(props: TimelineProps & { onAll(): void }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(timelineQuery(props.clientId));
  const entries = query.data?.items ?? [];
  const days = useDays(entries);
  return (
    <section className={css.timeline} aria-label={t('timeline.latest')} data-testid="timeline">
      <header className={css.timelineHead}>
        <h2>{t('timeline.latest')}</h2>
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
          {entries.slice(0, latestCount).map((entry, index) => (
            <li key={entry.id}>
              {days[index] && <h3 className={css.day}>{days[index]}</h3>}
              <Entry entry={entry} clientId={props.clientId} recording={props.recording} />
            </li>
          ))}
        </ol>
      )}
      {(entries.length > latestCount || query.data?.next) && (
        <Button variant="default" size="compact-sm" onClick={props.onAll} data-testid="timeline-all">
          {t('timeline.show_all')}
        </Button>
      )}
    </section>
  );
}

/** The heading of each entry with which a new day begins. */
function useDays(entries: TimelineEntry[]): (string | null)[] {
  const format = useFormat();
  const now = useNow(false);
  return useMemo(() => {
    let day = '';
    return entries.map((entry) => {
      const heading = format.dayHeading(entry.at, now);
      const fresh = heading !== day;
      day = heading;
      return fresh ? heading : null;
    });
  }, [entries, format, now]);
}

/** Every contact over every channel, newest first, however many there are. */
export function Timeline(props: TimelineProps) {
  const t = useT();
  const errorText = useErrorText();
  const [chosen, setChosen] = useState<TimelineKind[]>([]);
  const kinds = timelineKinds.filter((kind) => chosen.includes(kind)).join(',');
  const { newest, older, entries, more } = useTimeline(props.clientId, kinds);
  const toggle = (kind: TimelineKind) =>
    setChosen((before) => (before.includes(kind) ? before.filter((each) => each !== kind) : [...before, kind]));
  return (
    <section className={css.wholeTimeline} aria-label={t('timeline.title')} data-testid="whole-timeline">
      <div className={css.chips} role="group" aria-label={t('timeline.filter')}>
        <button
          type="button"
          aria-pressed={chosen.length === 0}
          onClick={() => setChosen([])}
          data-testid="timeline-kind-all"
        >
          {t('timeline.all')}
        </button>
        {timelineKinds.map((kind) => (
          <button
            key={kind}
            type="button"
            aria-pressed={chosen.includes(kind)}
            onClick={() => toggle(kind)}
            data-testid={`timeline-kind-${kind}`}
          >
            {t(`timeline.kind.${kind}`)}
          </button>
        ))}
      </div>
      {newest.isPending ? (
        <SkeletonRows rows={8} height={56} />
      ) : newest.isError && entries.length === 0 ? (
        <Failed small text={errorText(newest.error)} retry={() => void newest.refetch()} />
      ) : entries.length === 0 ? (
        <Empty small icon={History} title={t('timeline.none')}>
          {t('timeline.none.text')}
        </Empty>
      ) : (
        <Entries
          key={kinds}
          entries={entries}
          clientId={props.clientId}
          recording={props.recording}
          failed={older.isError ? errorText(older.error) : null}
          more={more && !older.isFetching ? () => void older.fetchNextPage() : null}
        />
      )}
    </section>
  );
}

function Entries(props: {
  entries: TimelineEntry[];
  clientId: number;
  recording(callId: number): ReactNode;
  failed: string | null;
  more: (() => void) | null;
}) {
  const { entries, more, failed } = props;
  const t = useT();
  const box = useRef<HTMLDivElement>(null);
  const days = useDays(entries);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: (index) => (days[index] ? 88 : 58),
    getItemKey: (index) => entries[index]?.id ?? index,
    overscan: 8,
    initialRect: { width: 600, height: 800 },
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (more && !failed && last > entries.length - 40) more();
  }, [more, failed, last, entries.length]);
  return (
    <div
      ref={box}
      className={css.entryScroll}
      tabIndex={0}
      role="region"
      aria-label={t('timeline.title')}
      data-testid="timeline-scroll"
    >
      <ol className={css.entries} style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {items.map((item) => {
          const entry = entries[item.index];
          if (!entry) return null;
          return (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              aria-setsize={more || failed ? -1 : entries.length}
              aria-posinset={item.index + 1}
              className={css.entrySlot}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {days[item.index] && <h3 className={css.day}>{days[item.index]}</h3>}
              <Entry entry={entry} clientId={props.clientId} recording={props.recording} />
            </li>
          );
        })}
      </ol>
      {failed && <Failed small text={failed} retry={() => more?.()} />}
    </div>
  );
}

function look(entry: TimelineEntry): { icon: LucideIcon; tone: Tone } {
  if (entry.kind === 'note') return { icon: StickyNote, tone: 'plain' };
  if (entry.kind === 'file') return { icon: Paperclip, tone: 'plain' };
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

function Entry(props: { entry: TimelineEntry; clientId: number; recording(callId: number): ReactNode }) {
  const { entry, clientId } = props;
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
        {entry.call && <CallBody call={entry.call} clientId={clientId} recording={props.recording} />}
        {entry.sms && <p className={css.bubble}>{entry.sms.body}</p>}
        {entry.sms?.error && <p className={css.error}>{code('sms.error', entry.sms.error)}</p>}
        {entry.note && <p className={css.noteText}>{entry.note.text}</p>}
        {entry.file && <FileBody file={entry.file} />}
      </div>
    </article>
  );
}

function headline(entry: TimelineEntry, t: ReturnType<typeof useT>, code: ReturnType<typeof useCode>): string {
  if (entry.kind === 'note') return t('timeline.note');
  if (entry.kind === 'file') return t('timeline.file');
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

function FileBody(props: { file: NonNullable<TimelineEntry['file']> }) {
  const { file } = props;
  const t = useT();
  if (file.deleted) {
    return (
      <p className={`soft ${css.noteText}`}>
        <del>{file.name}</del> {t('timeline.file_deleted')}
      </p>
    );
  }
  return (
    <p className={css.noteText}>
      <a href={fileAddress(file.id)} download className={css.link}>
        {file.name}
      </a>
    </p>
  );
}

function CallBody(props: {
  call: NonNullable<TimelineEntry['call']>;
  clientId: number;
  recording(callId: number): ReactNode;
}) {
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
        {call.number && <PhoneNumber number={call.number} clientId={props.clientId} />}
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
