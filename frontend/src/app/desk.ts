import type { QueryClient } from '@tanstack/react-query';
import { callCommands } from '@/api/calls';
import type { ExportNews, ImportEnded } from '@/api/exchange';
import { sessionLost } from '@/api/http';
import { applySignal, refetchAll } from '@/api/signals';
import type { Me, Message, Reminder } from '@/api/types';
import type { BulkEnded } from '@/api/worklist';
import { watchDevices } from '@/call/devices';
import { CallNotices, type NoticeWords } from '@/call/notices';
import { TabOwnership } from '@/call/ownership';
import { Ringer } from '@/call/ringer';
import { SipPhone, type PhoneLine } from '@/call/sip';
import { Softphone } from '@/call/softphone';
import { LiveSocket, openLive } from '@/live/socket';

export interface DeskWishes {
  failed(error: unknown): void;
  reminderDue(reminder: Reminder): void;
  messageIn(message: Message): void;
  importEnded(ended: ImportEnded): void;
  bulkEnded(ended: BulkEnded): void;
  exportNews(news: ExportNews): void;
  notice(level: string, code: string): void;
  callNotice(): NoticeWords;
}

/**
 * Everything of a signed-in person that lives outside of the screens: the
 * live socket, the telephone and which tab holds it. Made once, started and
 * stopped with the session.
 */
export class Desk {
  readonly softphone: Softphone;
  readonly live: LiveSocket;
  readonly ringer = new Ringer();
  private readonly line: SipPhone | null;
  private readonly notices: CallNotices;
  private readonly tabs: TabOwnership<ReturnType<Softphone['mirror']>>;
  private unwatch: (() => void)[] = [];

  constructor(
    me: Me,
    private readonly client: QueryClient,
    private readonly wishes: DeskWishes,
  ) {
    const line: PhoneLine = {
      start: () => this.line?.start(),
      stop: () => this.line?.stop(),
      answer: (id) => this.line?.answer(id),
      refuse: (id) => this.line?.refuse(id),
      hangup: (id) => this.line?.hangup(id),
      setMuted: (id, muted) => this.line?.setMuted(id, muted),
    };
    this.softphone = new Softphone(me.phone, {
      commands: callCommands,
      line,
      receipt: (frame) => this.live.send(frame),
      failed: wishes.failed,
      ring: (on) => (on ? this.ringer.start() : this.ringer.stop()),
      delegate: (command, callId) => this.tabs.command(command, callId),
    });
    this.notices = new CallNotices(this.softphone, () => wishes.callNotice());
    this.line = me.phone.kind === 'browser' ? new SipPhone(me.phone, this.softphone) : null;
    this.tabs = new TabOwnership(`centralita-phone-${me.user.id}`, {
      gained: () => {
        this.softphone.setOwnership('owner');
        this.line?.start();
      },
      lost: () => {
        this.line?.stop();
        this.softphone.setOwnership('other_tab');
      },
      mirrored: (state) => this.softphone.mirrored(state),
      asked: () => this.softphone.mirror(),
      command: (name, callId) => this.softphone.commanded(name, callId),
    });
    this.live = new LiveSocket(openLive, {
      event: (kind, data) => this.happened(kind, data),
      signal: (kind, data) => this.changed(kind, data),
      welcome: () => this.refresh(),
      resync: () => this.refresh(),
      signedOut: () => sessionLost.set(true),
    });
  }

  start(): void {
    this.tabs.start();
    this.live.start();
    this.notices.start();
    const unlock = () => void this.ringer.unlock();
    document.addEventListener('pointerdown', unlock, { once: true });
    this.unwatch = [
      watchDevices(),
      this.softphone.state.subscribe(() => this.tabs.announce(this.softphone.mirror())),
      () => document.removeEventListener('pointerdown', unlock),
    ];
  }

  stop(): void {
    for (const end of this.unwatch.splice(0)) end();
    this.ringer.stop();
    this.notices.stop();
    this.live.stop();
    this.line?.stop();
    this.tabs.stop();
  }

  takeOver = (): void => this.tabs.take();

  devicesChanged = (): void => void this.line?.devicesChanged();

  private happened(kind: string, data: unknown): void {
    applySignal(this.client, kind, data);
    if (kind.startsWith('call.')) this.softphone.onEvent(kind, data);
    if (kind === 'reminder.due') this.wishes.reminderDue((data as { reminder: Reminder }).reminder);
    if (kind === 'message.in') this.wishes.messageIn((data as { message: Message }).message);
    if (kind.startsWith('export.') || kind === 'canary.heard') this.wishes.exportNews({ ...(data as object), kind });
    if (kind === 'import.ended') this.wishes.importEnded(data as ImportEnded);
    if (kind === 'bulk.ended') this.wishes.bulkEnded(data as BulkEnded);
    if (kind === 'notice') {
      const notice = data as { level: string; code: string };
      this.wishes.notice(notice.level, notice.code);
    }
  }

  private changed(kind: string, data: unknown): void {
    applySignal(this.client, kind, data);
    const lead = kind === 'leads.changed' ? (data as { id?: number } | null)?.id : undefined;
    if (lead) this.softphone.leadChanged(lead);
  }

  private refresh(): void {
    refetchAll(this.client);
    void this.softphone.resync().catch(this.wishes.failed);
  }
}
