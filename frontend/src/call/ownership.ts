import { createStore, type Store } from '@/lib/store';

export type Ownership = 'owner' | 'other_tab';

/** What one tab tells the others about the phone. */
export type TabMessage<S> = { t: 'state'; state: S } | { t: 'hello' } | { t: 'command'; name: string; callId: number };

/**
 * Exactly one tab of this browser holds the phone, by a Web Lock: the lock is
 * freed by the browser itself when the tab dies. The other tabs mirror what
 * the owner broadcasts and send it their commands.
 */
export class TabOwnership<S> {
  readonly store: Store<Ownership> = createStore<Ownership>('other_tab');
  private readonly channel: BroadcastChannel | null;
  private release: (() => void) | null = null;
  private stopped = false;

  constructor(
    private readonly name: string,
    private readonly handlers: {
      gained(): void;
      lost(): void;
      mirrored(state: S): void;
      asked(): S;
      command(name: string, callId: number): void;
    },
  ) {
    this.channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name);
    if (this.channel) this.channel.onmessage = (event) => this.receive(event.data as TabMessage<S>);
  }

  start(): void {
    this.stopped = false;
    if (!navigator.locks) {
      this.gain();
      return;
    }
    this.request(false);
    this.post({ t: 'hello' });
  }

  stop(): void {
    this.stopped = true;
    this.release?.();
    this.release = null;
    this.channel?.close();
  }

  /** Takes the phone from the tab that has it. */
  take(): void {
    if (this.store.get() !== 'owner' && navigator.locks) this.request(true);
  }

  announce(state: S): void {
    if (this.store.get() === 'owner') this.post({ t: 'state', state });
  }

  command(name: string, callId: number): void {
    this.post({ t: 'command', name, callId });
  }

  private request(steal: boolean): void {
    void navigator.locks
      .request(this.name, steal ? { steal: true } : {}, () => {
        if (this.stopped || this.store.get() === 'owner') return undefined;
        this.gain();
        return new Promise<void>((resolve) => {
          this.release = resolve;
        });
      })
      .catch(() => {
        if (this.stopped) return;
        this.store.set('other_tab');
        this.handlers.lost();
        this.request(false);
      });
  }

  private gain(): void {
    this.store.set('owner');
    this.handlers.gained();
  }

  private receive(message: TabMessage<S>): void {
    const owner = this.store.get() === 'owner';
    if (message.t === 'state' && !owner) this.handlers.mirrored(message.state);
    if (message.t === 'hello' && owner) this.announce(this.handlers.asked());
    if (message.t === 'command' && owner) this.handlers.command(message.name, message.callId);
  }

  private post(message: TabMessage<S>): void {
    if (!this.stopped) this.channel?.postMessage(message);
  }
}
