import type { Presence } from '@/api/types';
import { isOffer, type LiveCall, type PhoneState } from '@/call/softphone';

/** The one visible state of the person at this desk. */
export type DeskState =
  | 'offline'
  | 'other_tab'
  | 'connecting'
  | 'available'
  | 'ringing'
  | 'dialling'
  | 'on_call'
  | 'hold'
  | 'not_ready'
  | 'wrap_up';

export function deskState(phone: PhoneState, presence: Presence | undefined): DeskState {
  const active = phone.calls.filter((call) => call.view && !isOffer(call));
  if (active.some((call) => call.view?.held)) return 'hold';
  if (active.some((call) => call.view?.phase === 'talking' || call.view?.phase === 'rejoining')) return 'on_call';
  if (active.length > 0) return 'dialling';
  if (phone.calls.some(isOffer)) return 'ringing';
  if (presence?.state === 'wrap_up') return 'wrap_up';
  if (phone.kind === 'browser' && phone.registration !== 'registered') {
    return phone.registration === 'connecting' ? 'connecting' : 'offline';
  }
  if (presence?.state === 'not_ready') return 'not_ready';
  if (!presence || presence.state === 'offline') return phone.kind === 'desk' ? 'offline' : 'connecting';
  return 'available';
}

/** Which word describes a call: `call.state.<word>`. */
export function callWord(call: LiveCall): string {
  const view = call.view;
  if (!view) return 'arrived';
  if (view.phase === 'talking' && view.held) return 'held';
  if (call.leg === 'answering' && view.phase === 'ringing') return 'connecting';
  return view.phase;
}

/** When the clock beside a call began to run. */
export function clockStart(call: LiveCall): string | null {
  const view = call.view;
  if (!view) return null;
  return view.answered_at ?? call.offeredAt ?? view.ringing_at ?? view.started_at;
}
