/** One look at the connection's health, taken every two seconds. */
export interface Sample {
  rttMs: number;
  jitterMs: number;
  /** Share of packets lost since the sample before, 0..1. */
  loss: number;
  /** Loudness of the microphone, 0..1; null where the browser doesn't tell. */
  micLevel: number | null;
}

export type QualityWarning = 'rtt' | 'jitter' | 'loss' | 'mos' | 'silent_mic';

export interface Quality {
  mos: number;
  rttMs: number;
  jitterMs: number;
  lossPercent: number;
  warnings: QualityWarning[];
}

const kept = 8;

/** Mean opinion score (1..4.5) by the simplified E-model. */
export function meanOpinion(sample: Sample): number {
  const latency = sample.rttMs / 2 + sample.jitterMs * 2 + 10;
  const delayed = latency < 160 ? 93.2 - latency / 40 : 93.2 - (latency - 120) / 10;
  const r = Math.max(0, Math.min(100, delayed - sample.loss * 100 * 2.5));
  return Math.max(1, Math.min(4.5, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r)));
}

function breached(samples: Sample[], of: number, need: number, bad: (sample: Sample) => boolean): boolean {
  return samples.length >= need && samples.slice(-of).filter(bad).length >= need;
}

/**
 * Judges the last samples: a single bad one is no warning; three of five are,
 * and loss has to last for seven. A warning goes when its cause goes.
 */
export function judge(samples: Sample[]): Quality | null {
  const last = samples[samples.length - 1];
  if (!last) return null;
  const warnings: QualityWarning[] = [];
  if (breached(samples, 5, 3, (s) => s.rttMs > 400)) warnings.push('rtt');
  if (breached(samples, 5, 3, (s) => s.jitterMs > 30)) warnings.push('jitter');
  if (breached(samples, 7, 7, (s) => s.loss > 0.03)) warnings.push('loss');
  if (breached(samples, 5, 3, (s) => meanOpinion(s) < 3.5)) warnings.push('mos');
  if (breached(samples, 8, 8, (s) => s.micLevel !== null && s.micLevel < 1e-5)) warnings.push('silent_mic');
  return {
    mos: meanOpinion(last),
    rttMs: Math.round(last.rttMs),
    jitterMs: Math.round(last.jitterMs),
    lossPercent: last.loss * 100,
    warnings,
  };
}

interface Counters {
  received: number;
  lost: number;
}

/** Turns getStats reports into samples; remembers the counters between two. */
export class QualityMeter {
  private before: Counters = { received: 0, lost: 0 };
  private samples: Sample[] = [];

  take(reports: Iterable<Record<string, unknown>>): Quality | null {
    let rttMs = 0;
    let jitterMs = 0;
    let micLevel: number | null = null;
    let now: Counters = this.before;
    for (const report of reports) {
      const n = (key: string) => (typeof report[key] === 'number' ? (report[key] as number) : undefined);
      if (report.type === 'inbound-rtp' && report.kind === 'audio') {
        now = { received: n('packetsReceived') ?? 0, lost: Math.max(0, n('packetsLost') ?? 0) };
        jitterMs = (n('jitter') ?? 0) * 1000;
      } else if (report.type === 'candidate-pair' && report.nominated === true) {
        rttMs = (n('currentRoundTripTime') ?? 0) * 1000;
      } else if (report.type === 'media-source' && report.kind === 'audio') {
        micLevel = n('audioLevel') ?? null;
      }
    }
    const received = now.received - this.before.received;
    const lost = Math.max(0, now.lost - this.before.lost);
    this.before = now;
    const loss = received + lost > 0 ? lost / (received + lost) : 0;
    this.samples = [...this.samples, { rttMs, jitterMs, loss, micLevel }].slice(-kept);
    return judge(this.samples);
  }
}
