import { useEffect, useRef } from 'react';
import { createStore } from './store';
import { localStore, readJSON } from './storage';

/**
 * Calls use one family of chords, Ctrl+Shift and a key; lists use single keys,
 * which work only while nothing is being typed. Keys are told by their place
 * on the keyboard, so a Cyrillic layout changes nothing.
 */
export type ShortcutId =
  | 'accept'
  | 'decline'
  | 'hangup'
  | 'mute'
  | 'hold'
  | 'transfer'
  | 'dial'
  | 'open_card'
  | 'search'
  | 'help'
  | 'row_call'
  | 'row_assign'
  | 'row_close'
  | 'row_next'
  | 'row_open'
  | 'row_pick'
  | 'row_down'
  | 'row_up';

interface Shortcut {
  code: string;
  chord: boolean;
  /** Not twice within a second. */
  destructive?: boolean;
}

export const shortcuts: Record<ShortcutId, Shortcut> = {
  accept: { code: 'KeyY', chord: true },
  decline: { code: 'KeyX', chord: true, destructive: true },
  hangup: { code: 'KeyE', chord: true, destructive: true },
  mute: { code: 'KeyU', chord: true },
  hold: { code: 'KeyL', chord: true },
  transfer: { code: 'KeyG', chord: true },
  dial: { code: 'KeyK', chord: true },
  open_card: { code: 'KeyO', chord: true },
  search: { code: 'KeyK', chord: false },
  help: { code: 'Slash', chord: false },
  row_call: { code: 'KeyC', chord: false },
  row_assign: { code: 'KeyA', chord: false },
  row_close: { code: 'KeyX', chord: false },
  row_next: { code: 'KeyN', chord: false },
  row_open: { code: 'Enter', chord: false },
  row_pick: { code: 'KeyM', chord: false },
  row_down: { code: 'KeyJ', chord: false },
  row_up: { code: 'KeyK', chord: false },
};

const storageKey = 'centralita.shortcuts';
interface Wishes {
  on: boolean;
  codes: Partial<Record<ShortcutId, string>>;
}
export const shortcutWishes = createStore<Wishes>({
  on: true,
  codes: {},
  ...readJSON<Partial<Wishes>>(localStore.get(storageKey), {}),
});

export function setShortcutWishes(part: Partial<Wishes>): void {
  shortcutWishes.update((wishes) => {
    const next = { ...wishes, ...part };
    localStore.set(storageKey, JSON.stringify(next));
    return next;
  });
}

function codeOf(id: ShortcutId): string {
  return shortcutWishes.get().codes[id] ?? shortcuts[id].code;
}

/** The keys of a shortcut, to be shown, separated by spaces. */
export function keysOf(id: ShortcutId): string {
  const key = codeOf(id)
    .replace(/^(Key|Digit)/u, '')
    .replace('Slash', '?');
  if (shortcuts[id].chord) return `Ctrl Shift ${key}`;
  return id === 'search' ? `Ctrl ${key}` : key;
}

export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (!element?.tagName) return false;
  if (element instanceof HTMLInputElement && /^(checkbox|radio)$/u.test(element.type)) return false; // nothing is typed there
  return /^(INPUT|TEXTAREA|SELECT)$/u.test(element.tagName) || element.isContentEditable;
}

function matches(id: ShortcutId, event: KeyboardEvent): boolean {
  if (!shortcutWishes.get().on || event.isComposing || event.code !== codeOf(id)) return false;
  if (shortcuts[id].chord) return (event.ctrlKey || event.metaKey) && event.shiftKey && !event.altKey;
  if (id === 'search') return (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return false;
  return id === 'help' ? event.shiftKey : !event.shiftKey;
}

const ranAt = new Map<ShortcutId, number>();

/** Runs `action` on the shortcut; null means that there is nothing to do now. */
export function useShortcut(id: ShortcutId, action: (() => void) | null): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!latest.current || !matches(id, event)) return;
      event.preventDefault();
      if (event.repeat) return;
      const now = Date.now();
      if (shortcuts[id].destructive && now - (ranAt.get(id) ?? 0) < 1000) return;
      ranAt.set(id, now);
      latest.current();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [id]);
}
