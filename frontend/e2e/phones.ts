import { world } from './world';

/** A call as a telephone outside of the product sees it. */
export interface Outside {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  ringing(): Promise<void>;
  answered(): Promise<void>;
  hears(hz: number): Promise<void>;
  deaf(hz: number): Promise<void>;
  digits(keys: string): Promise<void>;
  ended(): Promise<{ by: 'local' | 'remote' | 'nobody'; status: number }>;
  answer(): Promise<void>;
  reject(status: number): Promise<void>;
  hangUp(): Promise<void>;
}

const patienceMs = 25_000;

async function ask<T>(path: string, body: object): Promise<T> {
  const response = await fetch(world().phones + path, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  return JSON.parse(text) as T;
}

/** The telephones of the clients: real SIP and real sound. */
export class Phones {
  private readonly open: Outside[] = [];

  /** Places a call into the product. */
  async call(wish: { from: string; to: string; name?: string; tone?: number }): Promise<Outside> {
    return this.known(await ask('/call', { server: world().sip, ...wish }));
  }

  /** The next call out that reaches a client's telephone; it neither rings nor answers by itself. */
  async incoming(): Promise<Outside> {
    return this.known(await ask('/incoming', { timeout_ms: patienceMs }));
  }

  /** Hangs up whatever a test left open. */
  async close(): Promise<void> {
    for (const call of this.open) await call.hangUp().catch(() => undefined);
  }

  private known(call: { id: string; from: string; to: string }): Outside {
    const wait = <T>(what: string, more: object = {}) =>
      ask<T>('/wait', { id: call.id, for: what, timeout_ms: patienceMs, ...more });
    const act = async (what: string, more: object = {}) => void (await ask('/act', { id: call.id, do: what, ...more }));
    const outside: Outside = {
      ...call,
      ringing: () => wait('ringing'),
      answered: () => wait('answered'),
      hears: (tone) => wait('hears', { tone }),
      deaf: (tone) => wait('deaf', { tone }),
      digits: (digits) => wait('digits', { digits }),
      ended: () => wait('ended'),
      answer: () => act('answer'),
      reject: (status) => act('reject', { status }),
      hangUp: () => act('hangup'),
    };
    this.open.push(outside);
    return outside;
  }
}
