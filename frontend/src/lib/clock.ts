import { useEffect, useState } from 'react';

let offsetMs = 0;

/** Teaches the clock the server's time; `at` is when it was true there. */
export function learnServerTime(serverMs: number, at: number = Date.now()): void {
  if (Number.isFinite(serverMs)) offsetMs = serverMs - at;
}

/** The server's time in milliseconds, as well as this browser knows it. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

type Tick = () => void;
const ticking = new Set<Tick>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(tick: Tick): () => void {
  ticking.add(tick);
  timer ??= setInterval(() => {
    for (const each of [...ticking]) each();
  }, 1000);
  return () => {
    ticking.delete(tick);
    if (ticking.size === 0 && timer) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The server's time, repainted once a second by one timer for all clocks. */
export function useNow(active = true): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    if (!active) return;
    setNow(serverNow());
    return subscribe(() => setNow(serverNow()));
  }, [active]);
  return now;
}
