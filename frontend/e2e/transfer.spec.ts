import { expect, lines, lucia, rows, test } from './desk';
import { tones } from './sound';

test('by keyboard alone: a colleague is asked, has the client, and both are done with a disposition', async ({
  sit,
  phones,
}) => {
  test.setTimeout(180_000);
  const admin = await sit('admin');
  await admin.api('PUT', '/desk/dispositions', {
    items: [
      { name: 'Sold', active: true },
      { name: 'Call again', active: true },
    ],
  });
  const { items } = await admin.api<{ items: { id: number; name: string }[] }>('GET', '/queues');
  const sales = items.find((queue) => queue.name === 'Madrid · Ventas');
  await admin.api('PATCH', `/queues/${sales?.id}`, { wrap_up_mode: 'until_done', wrap_up_code: true });
  await admin.page.close();

  const javier = await sit('javier');
  const carmen = await sit('carmen');
  await javier.available();
  await carmen.available();
  const call = await phones.call({ from: lucia.number, to: lines.sales, tone: tones.caller });
  await expect(javier.ring).toBeVisible();
  const id = (await javier.ring.getAttribute('data-call-id')) ?? '';
  await javier.page.keyboard.press('Control+Shift+KeyY');
  await javier.talking();
  await call.hears(tones.microphone);

  await javier.page.keyboard.press('Control+Shift+KeyG');
  await javier.id('transfer-search').fill('carm');
  await javier.page.keyboard.press('Control+Enter');
  await expect(javier.id('consultation')).toHaveAttribute('data-state', 'ringing');
  await expect(carmen.ring).toBeVisible();
  await expect(carmen.id('ring-transfer')).toContainText('Javier Soler');
  await call.deaf(tones.microphone);
  await carmen.page.keyboard.press('Control+Shift+KeyY');
  await expect(javier.id('consultation')).toHaveAttribute('data-state', 'up');
  await javier.id('consult-conference').press('Enter');
  await expect(javier.id('consultation')).toHaveAttribute('data-state', 'joined');
  await carmen.hears(tones.caller);
  await call.hears(tones.microphone);
  await javier.id('consult-complete').press('Enter');

  await expect(javier.id('softphone-state')).toHaveAttribute('data-state', 'wrap_up');
  await expect(javier.id('wrap-up')).toBeVisible();
  await carmen.hears(tones.caller);
  await javier.id('wrap-note').fill('Handed to Carmen');
  await javier.page.keyboard.press('Control+Enter');
  await expect(javier.id('wrap-up')).toContainText(/choose/iu);
  await javier.id('disposition').first().focus();
  await javier.page.keyboard.press('2');
  await javier.id('wrap-note').focus();
  await javier.page.keyboard.press('Control+Enter');
  await javier.available();

  await carmen.id('hangup').click();
  expect((await call.ended()).by).toBe('remote');
  await expect(carmen.id('wrap-up')).toBeVisible();
  await carmen.page.reload();
  await expect(carmen.id('wrap-up'), 'the clock is the server’s, and so is the panel').toBeVisible();
  await carmen.id('disposition').first().focus();
  await carmen.page.keyboard.press('1');
  await carmen.id('wrap-done').press('Enter');
  await carmen.available();
  expect(
    await rows(`select u.login, d.name, w.note, w.by_expiry from call_wrapups w join users u on u.id = w.user_id
      join dispositions d on d.id = w.disposition_id where w.call_id = ${id} order by u.login`),
  ).toEqual(['carmen|Sold||f', 'javier|Call again|Handed to Carmen|f']);
});

test('who does not answer is told so until he is back', async ({ sit, phones }) => {
  const admin = await sit('admin');
  const { items } = await admin.api<{ items: { id: number; name: string; sticky: object }[] }>('GET', '/queues');
  const sales = items.find((queue) => queue.name === 'Madrid · Ventas');
  await admin.api('PATCH', `/queues/${sales?.id}`, { sticky: { ...sales?.sticky, seconds: 3 }, ring_seconds: 3 });
  await admin.page.close();
  const javier = await sit('javier');
  await javier.available();
  const call = await phones.call({ from: lucia.number, to: lines.sales, tone: tones.caller });
  await expect(javier.ring).toBeVisible();
  await expect(javier.id('unanswered')).toBeVisible();
  await call.hangUp();
  await javier.id('unanswered-back').click();
  await expect(javier.id('unanswered')).toBeHidden();
  await javier.available();
});
