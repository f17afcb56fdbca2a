import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What each side of a conversation lets be heard, in Hz. */
export const tones = { caller: 440, microphone: 1300, farEnd: 700 } as const;

const rate = 48_000;

/** A file of two seconds of the agent's tone, for Chromium's fake microphone. */
export function microphone(): string {
  const dir = path.join(tmpdir(), 'centralita-e2e');
  const file = path.join(dir, `microphone-${tones.microphone}.wav`);
  if (existsSync(file)) return file;
  const samples = rate * 2;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // one channel
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++) {
    wav.writeInt16LE(Math.round(9000 * Math.sin((2 * Math.PI * tones.microphone * i) / rate)), 44 + i * 2);
  }
  mkdirSync(dir, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, wav);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

/**
 * Runs in the page before the application: keeps an ear on every sound that
 * arrives, and lets no signal processing colour the microphone's tone.
 */
export function ears(): void {
  localStorage.setItem('centralita.audio', JSON.stringify({ processing: false }));
  const analysers: AnalyserNode[] = [];
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', (event) => {
        const context = new AudioContext();
        const analyser = context.createAnalyser();
        analyser.fftSize = 8192;
        analyser.smoothingTimeConstant = 0;
        context.createMediaStreamSource(new MediaStream([event.track])).connect(analyser);
        analysers.push(analyser);
        this.addEventListener('connectionstatechange', () => {
          if (this.connectionState !== 'closed') return;
          analysers.splice(analysers.indexOf(analyser), 1);
          void context.close();
        });
      });
    }
  };
  Object.assign(window, {
    /** How far a tone stands out above the rest of what is heard now, in dB; -999 for silence. */
    loudness(hz: number): number {
      let best = -999;
      for (const analyser of analysers) {
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        const at = Math.round((hz * analyser.fftSize) / analyser.context.sampleRate);
        best = Math.max(best, ...bins.slice(at - 3, at + 4));
      }
      return best;
    },
  });
}
