import { expect, lines, lucia, test } from './desk';
import { tones } from './sound';

test('answer, hold, mute, hang up and close the lead without a mouse', async ({ sit, phones }) => {
  const javier = await sit('javier');
  await javier.available();
  const { keyboard } = javier.page;
  const call = await phones.call({ from: lucia.number, to: lines.sales, tone: tones.caller });
  await expect(javier.ring).toBeVisible();
  await keyboard.press('Control+Shift+KeyY');
  await call.answered();
  await javier.talking();
  await javier.hears(tones.caller);

  await keyboard.press('Control+Shift+KeyL');
  await expect(javier.strip).toHaveAttribute('data-state', 'held');
  await call.deaf(tones.microphone);
  await keyboard.press('Control+Shift+KeyL');
  await expect(javier.strip).toHaveAttribute('data-state', 'talking');
  await call.hears(tones.microphone);
  await keyboard.press('Control+Shift+KeyU');
  await expect(javier.id('mute')).toHaveAttribute('aria-pressed', 'true');
  await keyboard.press('Control+Shift+KeyU');
  await expect(javier.id('mute')).toHaveAttribute('aria-pressed', 'false');

  await javier.conversed();
  await keyboard.press('Control+Shift+KeyE');
  expect((await call.ended()).by).toBe('remote');
  const form = javier.id('finished-card').getByTestId('close-form');
  await expect(form).toBeVisible();

  const focusedIn = (testId: string) =>
    javier.page.evaluate((id) => Boolean(document.activeElement?.closest(`[data-testid=${id}]`)), testId);
  const tabTo = async (testId: string) => {
    for (let step = 0; step < 250 && !(await focusedIn(testId)); step++) await keyboard.press('Tab');
    expect(await focusedIn(testId), `Tab reaches ${testId}`).toBe(true);
  };
  await tabTo('outcome-form');
  await tabTo('closing-type');
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await tabTo('close-lead-submit');
  await keyboard.press('Enter');
  await expect(javier.id('finished-card')).toBeHidden();
});
