import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSocket, type Wire } from './socket';

/** The server's end of a line, in our hands. */
class FakeWire implements Wire {
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: Wire['onopen'] = null;
  onmessage: Wire['onmessage'] = null;
  onclose: Wire['onclose'] = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.closed = true;
  }
  opens(): void {
    this.onopen?.(new Event('open'));
  }
  says(frame: Record<string, unknown>): void {
    this.onmessage?.(new MessageEvent('message', { data: JSON.stringify(frame) }));
  }
  breaks(code = 1006): void {
    this.onclose?.({ code } as CloseEvent);
  }
}

let wires: FakeWire[] = [];
let told: string[] = [];
let socket: LiveSocket;
const last = () => wires.at(-1) as FakeWire;

function join(seq = 0, resumed = false): void {
  last().opens();
  last().says({ t: 'welcome', epoch: 'e1', seq, resumed, tab: 't' });
}

beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  told = [];
  socket = new LiveSocket(
    () => {
      const wire = new FakeWire();
      wires.push(wire);
      return wire;
    },
    {
      event: (kind) => told.push(kind),
      signal: (kind) => told.push(`signal ${kind}`),
      welcome: (resumed) => told.push(resumed ? 'resumed' : 'fresh'),
      resync: () => told.push('resync'),
      signedOut: () => told.push('signed out'),
    },
    () => 1,
  );
  socket.start();
});

afterEach(() => {
  socket.stop();
  vi.useRealTimers();
});

describe('the live socket', () => {
  it('says where it stopped, after an outage', () => {
    expect(last().sent).toEqual([]);
    join(5);
    expect(last().sent[0]).toEqual({ t: 'hello', epoch: '', seq: 0 });
    last().says({ t: 'event', seq: 6, kind: 'call.ringing', at: '', data: {} });
    last().breaks();
    expect(socket.state.get()).toBe('reconnecting');
    vi.advanceTimersByTime(200);
    last().opens();
    expect(last().sent[0]).toEqual({ t: 'hello', epoch: 'e1', seq: 6 });
    last().says({ t: 'welcome', epoch: 'e1', seq: 7, resumed: true, tab: 't' });
    last().says({ t: 'event', seq: 7, kind: 'call.withdrawn', at: '', data: {} });
    expect(told).toEqual(['fresh', 'call.ringing', 'resumed', 'call.withdrawn']);
  });

  it('hears each event once, and starts again when one is missing', () => {
    join(1);
    last().says({ t: 'event', seq: 2, kind: 'a', at: '', data: {} });
    last().says({ t: 'event', seq: 2, kind: 'a', at: '', data: {} });
    last().says({ t: 'event', seq: 4, kind: 'c', at: '', data: {} });
    expect(told).toEqual(['fresh', 'a']);
    expect(wires).toHaveLength(2);
    last().opens();
    expect(last().sent[0]).toEqual({ t: 'hello', epoch: 'e1', seq: 2 });
  });

  it('takes a new place when the server asks it to read all again', () => {
    join(3);
    last().says({ t: 'resync', epoch: 'e2', seq: 90 });
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['fresh', 'resync']);
    last().says({ t: 'event', seq: 91, kind: 'b', at: '', data: {} });
    expect(told.at(-1)).toBe('b');
  });

  it('takes a silent line for a dead one', () => {
    join();
    vi.advanceTimersByTime(39_000);
    last().says({ t: 'ping' });
    vi.advanceTimersByTime(39_000);
    expect(wires).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    expect(wires).toHaveLength(2);
  });

  it('waits longer each time, ten seconds at most', () => {
    for (const wait of [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]) {
      const before = wires.length;
      last().breaks();
      vi.advanceTimersByTime(wait - 1);
      expect(wires).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(wires).toHaveLength(before + 1);
    }
  });

  it('rests when there are too many tabs, until its tab is looked at', () => {
    join();
    last().breaks(4002);
    vi.advanceTimersByTime(60_000);
    expect(wires).toHaveLength(1);
    expect(socket.state.get()).toBe('parked');
    window.dispatchEvent(new Event('focus'));
    expect(wires).toHaveLength(2);
  });

  it('stays away when the session is over', () => {
    join();
    last().breaks(4003);
    vi.advanceTimersByTime(60_000);
    expect(wires).toHaveLength(1);
    expect(told.at(-1)).toBe('signed out');
  });

  it('sends a receipt given during an outage when the line is back', () => {
    join();
    last().breaks();
    socket.send({ t: 'receipt', call_id: 1 });
    vi.advanceTimersByTime(200);
    join(0, true);
    expect(last().sent.at(-1)).toEqual({ t: 'receipt', call_id: 1 });
  });
});
