import { createStore } from '@/lib/store';
import { localStore, readJSON } from '@/lib/storage';

/** The sound devices of this machine and what its user chose among them. */
export interface AudioChoice {
  microphone: string;
  speaker: string;
  ringer: string;
  ringVolume: number;
  /** Echo cancellation, noise suppression and automatic gain. */
  processing: boolean;
}

export type MicrophoneAccess = 'unknown' | 'granted' | 'denied' | 'missing';

export interface AudioState {
  choice: AudioChoice;
  inputs: MediaDeviceInfo[];
  outputs: MediaDeviceInfo[];
  access: MicrophoneAccess;
}

/** Kept per browser, not per user: devices belong to the machine. */
export const audioStorageKey = 'centralita.audio';
const defaults: AudioChoice = { microphone: '', speaker: '', ringer: '', ringVolume: 0.7, processing: true };

export const audio = createStore<AudioState>({
  choice: { ...defaults, ...readJSON<Partial<AudioChoice>>(localStore.get(audioStorageKey), {}) },
  inputs: [],
  outputs: [],
  access: 'unknown',
});

export function chooseAudio(part: Partial<AudioChoice>): void {
  audio.update((state) => {
    const choice = { ...state.choice, ...part };
    localStore.set(audioStorageKey, JSON.stringify(choice));
    return { ...state, choice };
  });
}

export async function listDevices(): Promise<void> {
  if (!navigator.mediaDevices?.enumerateDevices) {
    audio.update((state) => ({ ...state, access: 'missing' }));
    return;
  }
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const inputs = devices.filter((device) => device.kind === 'audioinput');
  const outputs = devices.filter((device) => device.kind === 'audiooutput');
  const named = inputs.some((device) => device.label !== '');
  audio.update((state) => ({
    ...state,
    inputs,
    outputs,
    access: inputs.length === 0 ? 'missing' : named ? 'granted' : state.access === 'denied' ? 'denied' : 'unknown',
  }));
}

/** Follows devices being plugged in and out; returns the way to stop. */
export function watchDevices(): () => void {
  void listDevices();
  const changed = () => void listDevices();
  navigator.mediaDevices?.addEventListener?.('devicechange', changed);
  return () => navigator.mediaDevices?.removeEventListener?.('devicechange', changed);
}

export function microphoneConstraints(choice: AudioChoice): MediaTrackConstraints {
  return {
    ...(choice.microphone ? { deviceId: { ideal: choice.microphone } } : {}),
    echoCancellation: choice.processing,
    noiseSuppression: choice.processing,
    autoGainControl: choice.processing,
  };
}

/** Opens the microphone; the answer also teaches us whether we may. */
export async function openMicrophone(): Promise<MediaStream> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: microphoneConstraints(audio.get().choice),
      video: false,
    });
    audio.update((state) => ({ ...state, access: 'granted' }));
    void listDevices();
    return stream;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    audio.update((state) => ({ ...state, access: name === 'NotFoundError' ? 'missing' : 'denied' }));
    throw error;
  }
}

type Sink = { setSinkId?: (id: string) => Promise<void> };

export async function playThrough(element: HTMLAudioElement, device: string): Promise<void> {
  await (element as Sink).setSinkId?.(device).catch(() => undefined);
}

/** Measures loudness (0..1, roughly) until stopped. */
export function meterStream(stream: MediaStream, report: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  let frame = 0;
  const measure = () => {
    analyser.getFloatTimeDomainData(wave);
    let sum = 0;
    for (const value of wave) sum += value * value;
    report(Math.min(1, Math.sqrt(sum / wave.length) * 4));
    frame = requestAnimationFrame(measure);
  };
  measure();
  return () => {
    cancelAnimationFrame(frame);
    void context.close();
  };
}
