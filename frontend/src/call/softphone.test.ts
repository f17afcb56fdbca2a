import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallCommands } from '@/api/calls';
import type { CallView } from '@/api/types';
import { Softphone, type SoftphonePorts } from './softphone';

const offeredAt = '2026-11-23T10:00:00Z';

function view(part: Partial<CallView> = {}): CallView {
  return {
    id: 7,
    direction: 'in',
    phase: 'ringing',
    number: { raw: '+34600111222', e164: '+34600111222', display: '+34 600 11 12 22', dialable: true },
    caller_name: '',
    candidates: [],
    client_name: '',
    user_name: '',
    started_at: offeredAt,
    path: [],
    held: false,
    muted: false,
    recording: false,
    outcome: '',
    ended_by: '',
    cause: 0,
    cause_text: '',
    open_leads: 0,
    responsible_name: '',
    ...part,
  };
}

/** A telephone with its wires in our hands: what it did is written down. */
function desk(kind: 'browser' | 'desk' = 'browser') {
  const line: string[] = [];
  const asked: string[] = [];
  const receipts: Record<string, unknown>[] = [];
  const failures: unknown[] = [];
  const delegated: string[] = [];
  let ringing = false;
  let answer: (name: string, id: number) => Promise<CallView> = async () => view();
  let current: CallView[] = [];
  const command = (name: string) => (id: number) => {
    asked.push(`${name} ${id}`);
    return answer(name, id);
  };
  const commands = {
    current: async () => current,
    get: command('get'),
    dial: async () => answer('dial', 0),
    callBack: command('callBack'),
    decline: command('decline'),
    hangup: command('hangup'),
    hold: command('hold'),
    unhold: command('unhold'),
    mute: command('mute'),
    unmute: command('unmute'),
    dtmf: command('dtmf'),
    presence: vi.fn(),
  } as unknown as CallCommands;
  const ports: SoftphonePorts = {
    commands,
    line: {
      start: () => line.push('start'),
      stop: () => line.push('stop'),
      answer: (id) => line.push(`answer ${id}`),
      refuse: (id) => line.push(`refuse ${id}`),
      hangup: (id) => line.push(`hangup ${id}`),
      setMuted: (id, muted) => line.push(`muted ${id} ${muted}`),
    },
    receipt: (frame) => receipts.push(frame),
    failed: (error) => failures.push(error),
    ring: (on) => {
      ringing = on;
    },
    delegate: (name, id) => delegated.push(`${name} ${id}`),
  };
  const phone = new Softphone({ kind }, ports);
  phone.setOwnership('owner');
  phone.registration('registered');
  return {
    phone,
    line,
    asked,
    receipts,
    failures,
    delegated,
    isRinging: () => ringing,
    answers: (by: typeof answer) => {
      answer = by;
    },
    live: (calls: CallView[]) => {
      current = calls;
    },
    only: () => {
      const call = phone.state.get().calls[0];
      if (!call) throw new Error('there is no call');
      return call;
    },
    offer: (part: Partial<CallView> = {}) => phone.onEvent('call.ringing', { call: view(part), offered_at: offeredAt }),
    invite: (auto = false, callId = 7) => phone.invited({ callId, auto, kind: 'offer' }),
    state: (part: Partial<CallView>) => phone.onEvent('call.state', { call: view(part) }),
    withdraw: (reason: string) => phone.onEvent('call.withdrawn', { call_id: 7, offered_at: offeredAt, reason }),
  };
}

let d: ReturnType<typeof desk>;
beforeEach(() => {
  d = desk();
});

describe('an offer', () => {
  it('rings until it is accepted, and is answered on its own leg', () => {
    d.offer();
    expect(d.isRinging()).toBe(true);
    d.invite();
    d.phone.actions(d.only()).accept?.();
    expect(d.isRinging()).toBe(false);
    expect(d.line).toContain('answer 7');
    d.phone.established(7);
    d.state({ phase: 'talking' });
    expect(d.only().leg).toBe('up');
    expect(d.phone.actions(d.only()).accept).toBeNull();
  });

  it('accepted before its INVITE arrived is answered when it does', () => {
    d.offer();
    d.phone.actions(d.only()).accept?.();
    expect(d.line).not.toContain('answer 7');
    d.invite();
    expect(d.line).toContain('answer 7');
  });

  it('is asked about when the INVITE came without its pop', async () => {
    d.invite();
    expect(d.isRinging()).toBe(true);
    await vi.waitFor(() => expect(d.only().view?.id).toBe(7));
    expect(d.asked).toContain('get 7');
  });

  it('stops ringing and goes when somebody else answers', () => {
    d.offer();
    d.invite();
    d.withdraw('answered_elsewhere');
    expect(d.isRinging()).toBe(false);
    expect(d.phone.state.get().calls).toHaveLength(0);
    expect(d.phone.state.get().missed[0]?.reason).toBe('answered_elsewhere');
  });

  it('that we won is kept when the offers are withdrawn from all', () => {
    d.offer();
    d.invite();
    d.phone.actions(d.only()).accept?.();
    d.withdraw('answered_elsewhere');
    expect(d.only().leg).toBe('answering');
    d.state({ phase: 'talking' });
    d.phone.established(7);
    expect(d.only().view?.phase).toBe('talking');
    expect(d.phone.state.get().missed).toHaveLength(0);
  });

  it('that we picked up too late goes with its leg', () => {
    d.offer();
    d.invite();
    d.phone.actions(d.only()).accept?.();
    d.withdraw('answered_elsewhere');
    d.phone.gone(7, 'Canceled');
    expect(d.phone.state.get().calls).toHaveLength(0);
    expect(d.phone.state.get().missed[0]?.reason).toBe('answered_elsewhere');
  });

  it('declined is told to the server; if that fails the leg is refused', async () => {
    d.answers(async () => {
      throw new Error('no network');
    });
    d.offer();
    d.invite();
    d.phone.actions(d.only()).decline?.();
    expect(d.isRinging()).toBe(false);
    await vi.waitFor(() => expect(d.line).toContain('refuse 7'));
    expect(d.failures).toHaveLength(1);
  });

  it('does not ring in a tab that does not hold the phone, which asks the other', () => {
    d.phone.setOwnership('other_tab');
    d.offer();
    expect(d.isRinging()).toBe(false);
    d.phone.actions(d.only()).accept?.();
    expect(d.delegated).toEqual(['accept 7']);
  });

  it('at a desk phone can be declined here, but not accepted', () => {
    d = desk('desk');
    d.offer();
    const can = d.phone.actions(d.only());
    expect(can.accept).toBeNull();
    expect(can.decline).not.toBeNull();
  });
});

describe('a conversation', () => {
  it('of click-to-call and of a rejoin is answered at once', () => {
    d.invite(true);
    expect(d.line).toContain('answer 7');
    expect(d.isRinging()).toBe(false);
  });

  it('offers only what is possible', () => {
    d.state({ phase: 'dialling', direction: 'out' });
    let can = d.phone.actions(d.only());
    expect([can.hold, can.mute, can.dtmf, can.accept]).toEqual([null, null, null, null]);
    expect(can.hangup).not.toBeNull();
    d.state({ phase: 'talking', direction: 'out', held: true, muted: true });
    can = d.phone.actions(d.only());
    expect(can.hold).toBeNull();
    expect(can.unhold).not.toBeNull();
    expect(can.mute).toBeNull();
    expect(can.unmute).not.toBeNull();
  });

  it('is muted in the microphone before the server answers', async () => {
    d.state({ phase: 'talking' });
    d.answers(async () => view({ phase: 'talking', muted: true }));
    d.phone.actions(d.only()).mute?.();
    expect(d.line.at(-1)).toBe('muted 7 true');
    expect(d.phone.actions(d.only()).mute).toBeNull();
    await vi.waitFor(() => expect(d.only().view?.muted).toBe(true));
  });

  it('ends by its own leg when the server cannot be reached', async () => {
    d.answers(async () => {
      throw new Error('no network');
    });
    d.state({ phase: 'talking' });
    d.phone.established(7);
    d.phone.actions(d.only()).hangup?.();
    await vi.waitFor(() => expect(d.line).toContain('hangup 7'));
  });

  it('that ended stands as finished until dismissed; a missed offer does not', () => {
    d.state({ phase: 'talking' });
    d.state({ phase: 'ended', outcome: 'answered' });
    expect(d.phone.state.get().calls).toHaveLength(0);
    expect(d.phone.state.get().finished?.outcome).toBe('answered');
    d.phone.dismissFinished();
    d.offer();
    d.state({ phase: 'ended', outcome: 'missed' });
    expect(d.phone.state.get().finished).toBeNull();
  });

  it('that the server no longer knows goes on resync, one with a leg stays', async () => {
    d.state({ phase: 'talking' });
    d.live([]);
    await d.phone.resync();
    expect(d.phone.state.get().calls).toHaveLength(0);
    d.invite(true);
    await d.phone.resync();
    expect(d.only().id).toBe(7);
  });
});

describe('receipts', () => {
  it('say what was painted, seen once and done', () => {
    d.offer();
    d.phone.painted(7);
    d.phone.focused(7);
    d.phone.focused(7);
    d.phone.actions(d.only()).accept?.();
    expect(d.receipts.map((each) => each.stage)).toEqual(['painted', 'focused', 'acted']);
    expect(d.receipts[0]?.offered_at).toBe(offeredAt);
    expect(d.receipts[0]?.ring_to_paint_ms).toBeTypeOf('number');
    expect(d.receipts[2]?.action).toBe('accept');
  });
});
