import { createStore } from '@/lib/store';

export type LiveState = 'connecting' | 'connected' | 'reconnecting' | 'parked' | 'signed_out';

export interface LiveHandlers {
  /** An event of this user's own stream, in order, each once. */
  event(kind: string, data: unknown, at: string): void;
  signal(kind: string, data: unknown): void;
  /** The stream was joined; `resumed` says that nothing was missed. */
  welcome(resumed: boolean): void;
  resync(): void;
  signedOut(): void;
}

/** As much of a WebSocket as is used here. */
export interface Wire {
  send(text: string): void;
  close(): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

interface Frame {
  t: string;
  seq?: number;
  epoch?: string;
  kind?: string;
  at?: string;
  data?: unknown;
  resumed?: boolean;
}

const silenceMs = 40_000;
const wakeMs = 2_000;
const backoffMs = { first: 200, most: 10_000 };
const tooManyTabs = 4002;
const sessionEnded = 4003;

/**
 * The line to the server. It keeps its place in the user's stream (epoch and
 * sequence) in memory, so that after any outage the server sends the whole
 * gap, or says that everything has to be read again. It never gives up by
 * itself, but rests where the server asked it to.
 */
export class LiveSocket {
  readonly state = createStore<LiveState>('connecting');
  private wire: Wire | null = null;
  private epoch = '';
  private seq = 0;
  private attempts = 0;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private silence: ReturnType<typeof setTimeout> | null = null;
  private stopped = true;
  private unsent: string[] = [];

  constructor(
    private readonly open: () => Wire,
    private readonly handlers: LiveHandlers,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    this.stopped = false;
    window.addEventListener('online', this.wake);
    window.addEventListener('focus', this.wake);
    document.addEventListener('visibilitychange', this.wake);
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener('online', this.wake);
    window.removeEventListener('focus', this.wake);
    document.removeEventListener('visibilitychange', this.wake);
    this.clear();
    this.drop();
  }

  /** Sends a frame now, or as soon as the line is back. */
  send(frame: Record<string, unknown> & { t: string }): void {
    const text = JSON.stringify(frame);
    if (this.state.get() === 'connected') this.wire?.send(text);
    else this.unsent = [...this.unsent, text].slice(-50);
  }

  private readonly wake = () => {
    if (this.stopped || document.visibilityState === 'hidden') return;
    const state = this.state.get();
    if (state === 'parked' || state === 'reconnecting') {
      this.attempts = 0;
      this.connect();
    } else if (state === 'connected') {
      this.wire?.send('{"t":"ping"}');
      this.watchSilence(wakeMs);
    }
  };

  private connect(): void {
    this.clear();
    this.drop();
    if (this.state.get() !== 'connecting') this.state.set('reconnecting');
    const wire = this.open();
    this.wire = wire;
    wire.onopen = () => wire.send(JSON.stringify({ t: 'hello', epoch: this.epoch, seq: this.seq }));
    wire.onmessage = (message) => {
      this.watchSilence(silenceMs);
      this.receive(message.data as string);
    };
    wire.onclose = (event) => this.closed(wire, event.code);
    this.watchSilence(silenceMs);
  }

  private closed(wire: Wire, code: number): void {
    if (this.wire !== wire) return;
    this.wire = null;
    this.clear();
    if (code === sessionEnded) {
      this.state.set('signed_out');
      this.handlers.signedOut();
      return;
    }
    if (code === tooManyTabs) {
      this.state.set('parked');
      return;
    }
    this.state.set('reconnecting');
    const most = Math.min(backoffMs.most, backoffMs.first * 2 ** this.attempts);
    this.attempts += 1;
    this.retry = setTimeout(() => this.connect(), most / 2 + (most / 2) * this.random());
  }

  private receive(text: string): void {
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    switch (frame.t) {
      case 'welcome':
        this.welcome(frame);
        break;
      case 'event':
        this.event(frame);
        break;
      case 'signal':
        this.handlers.signal(frame.kind ?? '', frame.data);
        break;
      case 'resync':
        this.place(frame);
        setTimeout(() => this.handlers.resync(), this.random() * 1000);
        break;
      case 'ping':
        break;
    }
  }

  private welcome(frame: Frame): void {
    this.attempts = 0;
    const resumed = frame.resumed === true;
    if (!resumed) this.place(frame);
    else this.epoch = frame.epoch ?? this.epoch;
    this.state.set('connected');
    for (const text of this.unsent.splice(0)) this.wire?.send(text);
    this.handlers.welcome(resumed);
  }

  private event(frame: Frame): void {
    const seq = frame.seq ?? 0;
    if (seq <= this.seq) return;
    if (seq !== this.seq + 1) {
      this.connect();
      return;
    }
    this.seq = seq;
    this.handlers.event(frame.kind ?? '', frame.data, frame.at ?? '');
  }

  private place(frame: Frame): void {
    this.epoch = frame.epoch ?? '';
    this.seq = frame.seq ?? 0;
  }

  private watchSilence(ms: number): void {
    if (this.silence) clearTimeout(this.silence);
    this.silence = setTimeout(() => this.connect(), ms);
  }

  private clear(): void {
    if (this.retry) clearTimeout(this.retry);
    if (this.silence) clearTimeout(this.silence);
    this.retry = null;
    this.silence = null;
  }

  private drop(): void {
    const wire = this.wire;
    this.wire = null;
    if (!wire) return;
    wire.onclose = null;
    wire.onmessage = null;
    wire.onopen = null;
    wire.close();
  }
}

export function openLive(): Wire {
  const secure = window.location.protocol === 'https:';
  return new WebSocket(`${secure ? 'wss' : 'ws'}://${window.location.host}/api/live`);
}
