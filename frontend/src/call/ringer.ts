import { audio, playThrough } from './devices';
import { createStore } from '@/lib/store';

/** True while the browser refuses to play sound before a click. */
export const soundBlocked = createStore(false);

const pattern = { on: 0.9, off: 1.9 };

/**
 * The ring tone, made on the spot: two notes, a pause, and again. It plays
 * through the ringer's device, which may differ from the headset's.
 */
export class Ringer {
  private context: AudioContext | null = null;
  private element: HTMLAudioElement | null = null;
  private timer: ReturnType<typeof setInterval> | null = null;
  private gain: GainNode | null = null;

  get ringing(): boolean {
    return this.timer !== null;
  }

  /** Makes sound possible; call it from a click. */
  async unlock(): Promise<void> {
    const context = this.ready();
    await context.resume().catch(() => undefined);
    soundBlocked.set(context.state !== 'running');
  }

  start(): void {
    if (this.timer) return;
    const context = this.ready();
    void context
      .resume()
      .then(() => soundBlocked.set(false))
      .catch(() => undefined);
    if (context.state !== 'running') soundBlocked.set(true);
    if (this.element) void playThrough(this.element, audio.get().choice.ringer);
    void this.element?.play().catch(() => soundBlocked.set(true));
    this.chime();
    this.timer = setInterval(() => this.chime(), (pattern.on + pattern.off) * 1000);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    this.gain?.gain.cancelScheduledValues(0);
    this.gain?.gain.setValueAtTime(0, this.context?.currentTime ?? 0);
    this.element?.pause();
  }

  /** One ring, for the settings page. */
  async test(): Promise<void> {
    await this.unlock();
    if (this.element) await playThrough(this.element, audio.get().choice.ringer);
    await this.element?.play().catch(() => undefined);
    this.chime();
  }

  private ready(): AudioContext {
    if (this.context) return this.context;
    const context = new AudioContext();
    const output = context.createMediaStreamDestination();
    const gain = context.createGain();
    gain.gain.value = 0;
    gain.connect(output);
    this.element = new Audio();
    this.element.srcObject = output.stream;
    this.gain = gain;
    this.context = context;
    return context;
  }

  private chime(): void {
    const { context, gain } = this;
    if (!context || !gain) return;
    const start = context.currentTime + 0.02;
    const loud = audio.get().choice.ringVolume * 0.5;
    gain.gain.cancelScheduledValues(start);
    for (const [index, frequency] of [784, 1047, 784, 1047].entries()) {
      const at = start + index * 0.2;
      const tone = context.createOscillator();
      tone.type = 'triangle';
      tone.frequency.value = frequency;
      tone.connect(gain);
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(loud, at + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, at + 0.19);
      tone.start(at);
      tone.stop(at + 0.2);
    }
  }
}
