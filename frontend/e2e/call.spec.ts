import { expect, lines, lucia, rows, test } from './desk';
import { tones } from './sound';

test('a client calls: pop, answer, two-way sound, reload, hang up, recording', async ({ sit, phones }) => {
  test.setTimeout(180_000);
  const javier = await sit('javier');
  const carmen = await sit('carmen');
  await javier.available();
  await carmen.available();

  const call = await phones.call({ from: lucia.number, to: lines.sales, tone: tones.caller });
  await expect(javier.ring).toBeVisible();
  await expect(javier.id('ring-name')).toHaveText(lucia.name);
  await expect(javier.id('ring-responsible')).toHaveText('Javier Soler');
  await expect(javier.id('ring-reason')).not.toBeEmpty();
  await call.ringing();
  await expect(javier.id('softphone-state')).toHaveAttribute('data-state', 'ringing');
  await expect(carmen.ring).toBeHidden();
  const id = (await javier.ring.getAttribute('data-call-id')) ?? '';

  await javier.page.keyboard.press('Control+Shift+KeyY');
  await call.answered();
  await javier.talking();
  await expect(javier.ring).toBeHidden();
  await expect(javier.page).toHaveURL(/\/clients\/\d+$/u);
  await expect(javier.id('client-card-name')).toHaveText(lucia.name);
  await javier.hears(tones.caller);
  await call.hears(tones.microphone);
  expect(await rows(`select count(*) from pop_receipts where call_id = ${id}`)).toEqual(['1']);
  await expect
    .poll(() =>
      rows(`select u.login, r.sent_at is not null, r.painted_at is not null, r.ring_to_paint_ms between 0 and 5000,
        r.action from pop_receipts r join users u on u.id = r.user_id where r.call_id = ${id}`),
    )
    .toEqual(['javier|t|t|t|accept']);

  await javier.id('mute').click();
  await expect(javier.id('mute')).toHaveAttribute('aria-pressed', 'true');
  await call.deaf(tones.microphone);
  await javier.hears(tones.caller);
  await javier.id('mute').click();
  await call.hears(tones.microphone);

  await javier.id('hold').click();
  await expect(javier.strip).toHaveAttribute('data-state', 'held');
  await expect(javier.id('softphone-state')).toHaveAttribute('data-state', 'hold');
  await call.deaf(tones.microphone);
  await javier.deaf(tones.caller);
  await javier.id('hold').click();
  await call.hears(tones.microphone);
  await javier.hears(tones.caller);

  await javier.id('keypad').click();
  for (const key of ['4', '2', '#']) await javier.id(`dtmf-${key}`).click();
  await expect(javier.id('dtmf-sent')).toHaveText('42#');
  await call.digits('42#');
  await javier.page.keyboard.press('Escape');

  await javier.page.reload({ waitUntil: 'commit' });
  const loaded = Date.now();
  await javier.talking();
  await javier.hears(tones.caller);
  expect(Date.now() - loaded, 'ms from the new page to hearing the client again').toBeLessThan(2000);
  await call.hears(tones.microphone);
  await expect(javier.id('client-card-name')).toHaveText(lucia.name);

  await javier.id('hangup').click();
  expect((await call.ended()).by).toBe('remote');
  await expect(javier.id('finished-card')).toHaveAttribute('data-outcome', 'answered');
  await javier.available();

  const entry = javier.page.locator(`[data-testid=timeline-entry][data-call-id="${id}"]`);
  await entry.getByTestId('open-recording').click();
  const player = entry.getByTestId('recording-player');
  await expect(player).toBeVisible({ timeout: 30_000 });
  await expect(player.getByTestId('waveform')).toBeVisible();
  const recording = await javier.api<{ state: string; sha256: string; duration_ms: number; peaks: Peaks }>(
    'GET',
    `/calls/${id}/recording`,
  );
  expect(recording).toMatchObject({ state: 'ready', sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) });
  expect(recording.duration_ms).toBeGreaterThan(3000);
  expect(loud(recording.peaks.client)).toBeGreaterThan(0.3);
  expect(loud(recording.peaks.agent)).toBeGreaterThan(0.3);

  const strengths = await javier.page.evaluate(channels, {
    url: `/api/calls/${id}/audio`,
    tones: [tones.caller, tones.microphone],
  });
  expect(strengths).toHaveLength(2);
  const [client, agent] = strengths as [number[], number[]];
  expect(client[0], 'the client stands left').toBeGreaterThan(4 * (client[1] ?? 0));
  expect(agent[1], 'the agent stands right').toBeGreaterThan(4 * (agent[0] ?? 0));

  await player.getByTestId('play-recording').click();
  await expect(player).toHaveAttribute('data-playing', 'true');
  await expect
    .poll(() => player.locator('audio').evaluate((a: HTMLAudioElement) => a.currentTime))
    .toBeGreaterThan(0.2);
  expect(
    await rows(`select distinct u.login from audit_entries a join users u on u.id = a.user_id
      where a.action = 'recording.play' and a.entity = 'call' and a.entity_id = ${id}`),
  ).toEqual(['javier']);
});

interface Peaks {
  client: number[];
  agent: number[];
}

/** How much of a channel is loud, 0..1. */
const loud = (peaks: number[]) => peaks.filter((peak) => peak > 10).length / peaks.length;

/** Decodes a recording in the page: per channel, how strong each tone is (Goertzel). */
async function channels(wish: { url: string; tones: number[] }): Promise<number[][]> {
  const sound = await (await fetch(wish.url)).arrayBuffer();
  const audio = await new AudioContext({ sampleRate: 16_000 }).decodeAudioData(sound);
  const strength = (samples: Float32Array, hz: number) => {
    const k = 2 * Math.cos((2 * Math.PI * hz) / audio.sampleRate);
    let total = 0;
    const window = 1600;
    for (let start = 0; start + window <= samples.length; start += window) {
      let [a, b] = [0, 0];
      for (let i = start; i < start + window; i++) [a, b] = [(samples[i] ?? 0) + k * a - b, a];
      total += Math.sqrt(Math.max(0, a * a + b * b - k * a * b));
    }
    return total;
  };
  return Array.from({ length: audio.numberOfChannels }, (_, at) =>
    wish.tones.map((hz) => strength(audio.getChannelData(at), hz)),
  );
}
