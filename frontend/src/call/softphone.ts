import type { CallCommands, Dial } from '@/api/calls';
import type { CallView, PhoneAccount } from '@/api/types';
import { serverNow } from '@/lib/clock';
import { createStore, type Store } from '@/lib/store';
import type { Quality } from './quality';
import type { Ownership } from './ownership';
import type { Invitation, PhoneLine, Registration, SipEvents } from './sip';

/** How far this browser's own leg of a call has come. */
export type LegState = 'none' | 'invited' | 'answering' | 'up';

export interface LiveCall {
  id: number;
  /** Null for the moment between an INVITE and the server's word about it. */
  view: CallView | null;
  offeredAt: string | null;
  leg: LegState;
  /** A command on its way to the server. */
  pending: string | null;
  quality: Quality | null;
}

export interface Farewell {
  call: CallView;
  reason: string;
  at: number;
}

export interface PhoneState {
  ownership: Ownership;
  kind: PhoneAccount['kind'];
  registration: Registration;
  calls: LiveCall[];
  /** Offers withdrawn a moment ago, newest first. */
  missed: Farewell[];
  /** The last conversation that ended in this browser, until dismissed. */
  finished: CallView | null;
}

/** What can be done to a call now. What can't be done is null. */
export interface CallActions {
  accept: (() => void) | null;
  decline: (() => void) | null;
  hangup: (() => void) | null;
  hold: (() => void) | null;
  unhold: (() => void) | null;
  mute: (() => void) | null;
  unmute: (() => void) | null;
  dtmf: ((digits: string) => void) | null;
}

export interface SoftphonePorts {
  commands: CallCommands;
  line: PhoneLine;
  /** Sends a delivery receipt over the live socket. */
  receipt(frame: { t: 'receipt'; call_id: number; offered_at: string; stage: string } & Record<string, unknown>): void;
  failed(error: unknown): void;
  ring(on: boolean): void;
  /** Asks the tab that owns the phone. */
  delegate(command: string, callId: number): void;
}

const talkingPhases = new Set(['talking', 'rejoining']);
const endedPhases = new Set(['ended']);

export function isOffer(call: LiveCall): boolean {
  if (!call.view) return call.leg === 'invited';
  return call.view.phase === 'ringing';
}

/**
 * The telephone as its user sees it, without React. It joins two witnesses:
 * the server's word about each call (events) and this browser's own SIP leg.
 */
export class Softphone implements SipEvents {
  readonly state: Store<PhoneState>;
  private readonly wanted = new Set<number>();
  private readonly withdrawn = new Map<number, string>();
  private readonly seen = new Set<string>();
  private snapshotRun = 0;

  constructor(
    private readonly account: Pick<PhoneAccount, 'kind'>,
    private readonly ports: SoftphonePorts,
  ) {
    this.state = createStore<PhoneState>({
      ownership: 'other_tab',
      kind: account.kind,
      registration: 'off',
      calls: [],
      missed: [],
      finished: null,
    });
  }

  // --- the server's word -------------------------------------------------

  onEvent(kind: string, data: unknown): void {
    const body = data as { call?: CallView; call_id?: number; offered_at?: string; reason?: string };
    if (kind === 'call.ringing' && body.call) this.offered(body.call, body.offered_at ?? '');
    if (kind === 'call.withdrawn' && body.call_id) this.withdraw(body.call_id, body.reason ?? 'ended');
    if (kind === 'call.state' && body.call) this.learned(body.call);
  }

  /** Reads the whole truth again, after a load or an outage. */
  async resync(): Promise<void> {
    const run = ++this.snapshotRun;
    const current = await this.ports.commands.current();
    if (run !== this.snapshotRun) return;
    const alive = new Set(current.map((view) => view.id));
    this.change((state) => ({
      ...state,
      calls: state.calls.filter((call) => alive.has(call.id) || call.leg !== 'none'),
    }));
    for (const view of current) this.learned(view);
    this.reconcileRing();
  }

  private offered(view: CallView, offeredAt: string): void {
    this.withdrawn.delete(view.id);
    this.put(view.id, (call) => ({ ...call, view, offeredAt }));
    this.reconcileRing();
  }

  /**
   * The offer is over. Where this browser has picked up it may well be the one
   * that won: then only the end of its own leg says that it was not.
   */
  private withdraw(callId: number, reason: string): void {
    this.wanted.delete(callId);
    const call = this.find(callId);
    if (!call) return;
    if (call.view && talkingPhases.has(call.view.phase)) {
      if (reason !== 'answered_elsewhere') this.left(call, call.view);
      return;
    }
    if (call.leg === 'answering' || call.leg === 'up') {
      this.withdrawn.set(callId, reason);
      return;
    }
    this.withdrawn.delete(callId);
    this.change((state) => {
      const missed = call.view && reason !== 'declined' ? [{ call: call.view, reason, at: serverNow() }] : [];
      return {
        ...state,
        calls: state.calls.filter((each) => each.id !== callId),
        missed: [...missed, ...state.missed.filter((each) => each.call.id !== callId)].slice(0, 3),
      };
    });
    this.reconcileRing();
  }

  /** The conversation goes on without this user: he has sent it on, or was let go. */
  private left(call: LiveCall, view: CallView): void {
    if (call.leg !== 'none') this.ports.line.hangup(call.id);
    this.change((state) => ({ ...state, calls: state.calls.filter((each) => each.id !== call.id), finished: view }));
    this.reconcileRing();
  }

  private learned(view: CallView): void {
    const before = this.find(view.id);
    if (endedPhases.has(view.phase)) {
      this.end(view, before);
      return;
    }
    this.put(view.id, (call) => ({ ...call, view, pending: null }));
    this.ports.line.setMuted(view.id, view.muted);
    this.reconcileRing();
  }

  private end(view: CallView, before: LiveCall | undefined): void {
    this.wanted.delete(view.id);
    this.withdrawn.delete(view.id);
    if (before && before.leg !== 'none') this.ports.line.hangup(view.id);
    this.change((state) => ({
      ...state,
      calls: state.calls.filter((call) => call.id !== view.id),
      finished: before && (before.view ? !isOffer(before) : true) ? view : state.finished,
    }));
    this.reconcileRing();
  }

  // --- this browser's own leg ---------------------------------------------

  registration(registration: Registration): void {
    this.change((state) => ({ ...state, registration }));
  }

  invited(invitation: Invitation): void {
    const { callId } = invitation;
    this.put(callId, (call) => ({ ...call, leg: 'invited' }));
    if (invitation.auto || this.wanted.has(callId)) this.pickUp(callId);
    if (!this.find(callId)?.view) void this.askAbout(callId);
    this.reconcileRing();
  }

  established(callId: number): void {
    this.put(callId, (call) => ({ ...call, leg: 'up', pending: null }));
    this.ports.line.setMuted(callId, this.find(callId)?.view?.muted ?? false);
    this.reconcileRing();
  }

  gone(callId: number, reason: string): void {
    if (reason === 'microphone') this.ports.failed(new Error('microphone'));
    this.wanted.delete(callId);
    this.change((state) => ({
      ...state,
      calls: state.calls
        .map((call) => (call.id === callId ? { ...call, leg: 'none' as const, pending: null, quality: null } : call))
        .filter((call) => call.view !== null || call.leg !== 'none'),
    }));
    const withdrawn = this.withdrawn.get(callId);
    if (withdrawn) this.withdraw(callId, withdrawn);
    this.reconcileRing();
  }

  quality(callId: number, quality: Quality | null): void {
    if (this.find(callId)) this.put(callId, (call) => ({ ...call, quality }));
  }

  private async askAbout(callId: number): Promise<void> {
    try {
      const view = await this.ports.commands.get(callId);
      if (this.find(callId) && !this.find(callId)?.view) this.learned(view);
    } catch (error) {
      this.ports.failed(error);
    }
  }

  // --- what the user can do -------------------------------------------------

  actions(call: LiveCall): CallActions {
    const view = call.view;
    const owner = this.state.get().ownership === 'owner';
    const mine = (name: string, run: () => void) => (owner ? run : () => this.ports.delegate(name, call.id));
    const offer = isOffer(call);
    const talking = view !== null && talkingPhases.has(view.phase) && !offer;
    const free = call.pending === null;
    const command = (name: keyof CallCommands & ('hold' | 'unhold' | 'mute' | 'unmute')) =>
      talking && free ? () => void this.command(call.id, name, () => this.ports.commands[name](call.id)) : null;
    const held = view?.held === true;
    const muted = view?.muted === true;
    return {
      accept:
        offer && this.account.kind === 'browser' && call.leg !== 'answering' && call.leg !== 'up'
          ? mine('accept', () => this.accept(call.id))
          : null,
      decline: offer ? () => this.decline(call.id) : null,
      hangup: !offer && view !== null ? () => this.hangup(call.id) : null,
      hold: held || view?.third ? null : command('hold'),
      unhold: held && !view?.third ? command('unhold') : null,
      mute: muted ? null : command('mute'),
      unmute: muted ? command('unmute') : null,
      dtmf: talking
        ? (digits) => void this.command(call.id, null, () => this.ports.commands.dtmf(call.id, digits))
        : null,
    };
  }

  accept(callId: number): void {
    const call = this.find(callId);
    if (!call || !isOffer(call)) return;
    this.acted(call, 'accept');
    this.wanted.add(callId);
    this.put(callId, (each) => ({ ...each, pending: 'accept' }));
    if (call.leg === 'invited') this.pickUp(callId);
    this.ports.ring(false);
  }

  decline(callId: number): void {
    const call = this.find(callId);
    if (!call) return;
    this.acted(call, 'decline');
    this.ports.ring(false);
    this.ports.commands
      .decline(callId)
      .then(() => this.withdraw(callId, 'declined'))
      .catch((error: unknown) => {
        if (this.state.get().ownership === 'owner') this.ports.line.refuse(callId);
        this.ports.failed(error);
      });
  }

  hangup(callId: number): void {
    void this.command(callId, 'hangup', () => this.ports.commands.hangup(callId)).then((done) => {
      if (!done) this.ports.line.hangup(callId);
    });
  }

  /** Runs what another tab of this browser asked for. */
  commanded(name: string, callId: number): void {
    if (name === 'accept') this.accept(callId);
  }

  async dial(wish: Dial): Promise<CallView | null> {
    return this.begin(() => this.ports.commands.dial(wish));
  }

  /** Calls a lead back; `pointId` says which number of its client, where it has none of its own. */
  async callBack(leadId: number, pointId?: number): Promise<CallView | null> {
    return this.begin(() => this.ports.commands.callBack(leadId, pointId));
  }

  /** Who is calling may be known by now: somebody has worked on the lead. */
  leadChanged(leadId: number): void {
    for (const call of this.state.get().calls) if (call.view?.lead_id === leadId) void this.renew(call.id);
  }

  /** Reads again who is calling: somebody has just said it. */
  async renew(callId: number): Promise<void> {
    try {
      const view = await this.ports.commands.get(callId);
      const call = this.find(callId);
      if (call) this.put(callId, (each) => ({ ...each, view: { ...view, phase: each.view?.phase ?? view.phase } }));
    } catch (error) {
      this.ports.failed(error);
    }
  }

  dismissFinished(): void {
    this.change((state) => ({ ...state, finished: null }));
  }

  dismissMissed(callId: number): void {
    this.change((state) => ({ ...state, missed: state.missed.filter((each) => each.call.id !== callId) }));
  }

  setOwnership(ownership: Ownership): void {
    this.change((state) => ({ ...state, ownership }));
    if (ownership === 'other_tab') {
      this.change((state) => ({ ...state, calls: state.calls.map((call) => ({ ...call, leg: 'none' as const })) }));
    }
    this.reconcileRing();
  }

  /** What the owner tells the other tabs, and what they make of it. */
  mirror(): Pick<PhoneState, 'registration'> & { legs: [number, LegState][] } {
    const { registration, calls } = this.state.get();
    return { registration, legs: calls.map((call) => [call.id, call.leg]) };
  }

  mirrored(other: ReturnType<Softphone['mirror']>): void {
    const legs = new Map(other.legs);
    this.change((state) => ({
      ...state,
      registration: other.registration,
      calls: state.calls.map((call) => ({ ...call, leg: legs.get(call.id) ?? 'none' })),
    }));
  }

  /** Tells the server that a pop is on the screen, once per offer and stage. */
  painted(callId: number): void {
    const call = this.find(callId);
    if (!call?.offeredAt) return;
    const elapsed = Math.max(0, Math.round(serverNow() - Date.parse(call.offeredAt)));
    this.ports.receipt({
      t: 'receipt',
      call_id: callId,
      offered_at: call.offeredAt,
      stage: 'painted',
      ring_to_paint_ms: elapsed,
    });
  }

  /** The user's eyes or keys reached the pop; told once per offer. */
  focused(callId: number): void {
    const call = this.find(callId);
    if (!call?.offeredAt || this.seen.has(call.offeredAt)) return;
    this.seen.add(call.offeredAt);
    this.ports.receipt({ t: 'receipt', call_id: callId, offered_at: call.offeredAt, stage: 'focused' });
  }

  private acted(call: LiveCall, action: string): void {
    if (!call.offeredAt) return;
    this.ports.receipt({ t: 'receipt', call_id: call.id, offered_at: call.offeredAt, stage: 'acted', action });
  }

  private async begin(start: () => Promise<CallView>): Promise<CallView | null> {
    this.dismissFinished();
    try {
      const view = await start();
      if (!this.find(view.id)?.view) this.learned(view);
      return view;
    } catch (error) {
      this.ports.failed(error);
      return null;
    }
  }

  private pickUp(callId: number): void {
    this.put(callId, (call) => ({ ...call, leg: 'answering' }));
    this.ports.line.answer(callId);
  }

  private async command(callId: number, pending: string | null, run: () => Promise<unknown>): Promise<boolean> {
    if (pending) this.put(callId, (call) => ({ ...call, pending }));
    if (pending === 'mute') this.ports.line.setMuted(callId, true);
    try {
      const view = (await run()) as CallView | undefined;
      if (view && typeof view === 'object' && 'phase' in view && this.find(callId)) this.learned(view);
      return true;
    } catch (error) {
      this.ports.failed(error);
      return false;
    } finally {
      if (pending && this.find(callId)) this.put(callId, (call) => ({ ...call, pending: null }));
    }
  }

  /** Rings exactly while an offer waits, nobody took it and we hold the phone. */
  private reconcileRing(): void {
    const { calls, ownership, kind } = this.state.get();
    const waiting = calls.some((call) => isOffer(call) && call.leg !== 'answering' && call.pending !== 'accept');
    this.ports.ring(waiting && ownership === 'owner' && kind === 'browser');
  }

  private find(callId: number): LiveCall | undefined {
    return this.state.get().calls.find((call) => call.id === callId);
  }

  private put(callId: number, change: (call: LiveCall) => LiveCall): void {
    this.change((state) => {
      const known = state.calls.some((call) => call.id === callId);
      const fresh: LiveCall = { id: callId, view: null, offeredAt: null, leg: 'none', pending: null, quality: null };
      const calls = known ? state.calls : [...state.calls, fresh];
      return { ...state, calls: calls.map((call) => (call.id === callId ? change(call) : call)) };
    });
  }

  private change(next: (state: PhoneState) => PhoneState): void {
    this.state.update(next);
  }
}
