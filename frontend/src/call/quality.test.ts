import { describe, expect, it } from 'vitest';
import { judge, meanOpinion, QualityMeter, type Sample } from './quality';

const good: Sample = { rttMs: 40, jitterMs: 3, loss: 0, micLevel: 0.1 };
const times = (count: number, part: Partial<Sample>) => Array.from({ length: count }, () => ({ ...good, ...part }));

describe('call quality', () => {
  it('is fine on a fine line', () => {
    expect(judge(times(8, {}))?.warnings).toEqual([]);
    expect(meanOpinion(good)).toBeGreaterThan(4.2);
  });

  it('warns of what lasts, not of a single bad moment', () => {
    expect(judge([...times(4, {}), ...times(2, { rttMs: 500 })])?.warnings).not.toContain('rtt');
    expect(judge([...times(2, {}), ...times(3, { rttMs: 500 })])?.warnings).toContain('rtt');
    expect(judge(times(3, { jitterMs: 45 }))?.warnings).toContain('jitter');
    expect(judge(times(6, { loss: 0.05 }))?.warnings).not.toContain('loss');
    expect(judge(times(7, { loss: 0.05 }))?.warnings).toContain('loss');
    expect(judge(times(8, { micLevel: 0 }))?.warnings).toContain('silent_mic');
    expect(judge(times(8, { micLevel: null }))?.warnings).toEqual([]);
  });

  it('clears when the line recovers', () => {
    expect(judge([...times(3, { rttMs: 500 }), ...times(5, {})])?.warnings).toEqual([]);
  });

  it('counts loss between two reports, not since the start', () => {
    const meter = new QualityMeter();
    const report = (packetsReceived: number, packetsLost: number) =>
      meter.take([{ type: 'inbound-rtp', kind: 'audio', packetsReceived, packetsLost, jitter: 0.002 }]);
    expect(report(900, 100)?.lossPercent).toBeCloseTo(10);
    expect(report(1000, 100)?.lossPercent).toBe(0);
  });
});
