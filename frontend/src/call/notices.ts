import { localStore } from '@/lib/storage';
import { createStore } from '@/lib/store';
import { isOffer, type LiveCall, type Softphone } from './softphone';

export type NoticePermission = 'default' | 'granted' | 'denied' | 'unsupported';

const laterKey = 'centralita.notices.later';

function current(): NoticePermission {
  if (!('Notification' in window) || !('serviceWorker' in navigator)) return 'unsupported';
  return Notification.permission;
}

/** Whether the browser shows notifications for us, and whether to explain them now. */
export const notices = createStore({ permission: current(), primer: false });

/** Explains, after a click of the person, what notifications are for; at most once until asked for again. */
export function offerNotices(): void {
  const primer = current() === 'default' && localStore.get(laterKey) === null;
  notices.set({ permission: current(), primer });
}

export function postponeNotices(): void {
  localStore.set(laterKey, '1');
  notices.update((state) => ({ ...state, primer: false }));
}

/** Asks the browser; only ever from a click on the explanation. */
export async function allowNotices(): Promise<void> {
  if (current() === 'default') await Notification.requestPermission();
  notices.set({ permission: current(), primer: false });
}

export interface NoticeWords {
  title(call: LiveCall): string;
  body(call: LiveCall): string;
  accept: string;
  decline: string;
}

interface ActionableOptions extends NotificationOptions {
  actions: { action: string; title: string }[];
  renotify: boolean;
}

const tagOf = (callId: number) => `call-${callId}`;

/**
 * Shows offers as notifications of the system while this window is hidden, and
 * takes the answer. A notification goes when its offer does.
 */
export class CallNotices {
  private worker: Promise<ServiceWorkerRegistration> | null = null;
  private shown = new Set<number>();
  private unwatch: (() => void)[] = [];

  constructor(
    private readonly softphone: Softphone,
    private readonly words: () => NoticeWords,
  ) {}

  start(): void {
    if (current() === 'unsupported') return;
    const heard = (event: MessageEvent) => this.heard(event.data as { t?: string; call?: number; action?: string });
    const look = () => this.look();
    navigator.serviceWorker.addEventListener('message', heard);
    document.addEventListener('visibilitychange', look);
    this.unwatch = [
      () => navigator.serviceWorker.removeEventListener('message', heard),
      () => document.removeEventListener('visibilitychange', look),
      this.softphone.state.subscribe(look),
    ];
  }

  stop(): void {
    for (const end of this.unwatch.splice(0)) end();
    for (const id of [...this.shown]) void this.close(id);
  }

  private look(): void {
    const { calls, ownership, kind } = this.softphone.state.get();
    const mine = ownership === 'owner' || kind === 'desk';
    const waiting = calls.filter((call) => isOffer(call) && call.view && call.pending === null && call.leg !== 'up');
    const wanted = new Set(document.hidden && mine ? waiting.map((call) => call.id) : []);
    for (const id of [...this.shown]) if (!wanted.has(id)) void this.close(id);
    for (const call of waiting) if (wanted.has(call.id) && !this.shown.has(call.id)) void this.show(call);
  }

  private async show(call: LiveCall): Promise<void> {
    if (current() !== 'granted') return;
    this.shown.add(call.id);
    const words = this.words();
    const options: ActionableOptions = {
      tag: tagOf(call.id),
      body: words.body(call),
      icon: '/icon.svg',
      requireInteraction: true,
      renotify: true,
      data: { call: call.id },
      actions: [
        ...(this.softphone.actions(call).accept ? [{ action: 'accept', title: words.accept }] : []),
        { action: 'decline', title: words.decline },
      ],
    };
    const worker = await this.registration();
    if (this.shown.has(call.id)) await worker.showNotification(words.title(call), options);
  }

  private async close(id: number): Promise<void> {
    this.shown.delete(id);
    const worker = await this.registration();
    for (const notice of await worker.getNotifications({ tag: tagOf(id) })) notice.close();
  }

  private registration(): Promise<ServiceWorkerRegistration> {
    this.worker ??= navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready);
    return this.worker;
  }

  private heard(message: { t?: string; call?: number; action?: string }): void {
    if (message.t !== 'call-notice' || !message.call) return;
    window.focus();
    if (message.action === 'accept') this.softphone.accept(message.call);
    if (message.action === 'decline') this.softphone.decline(message.call);
  }
}
