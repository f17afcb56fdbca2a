import { Desk, expect, lines, lucia, test } from './desk';
import { tones } from './sound';

test('one tab holds the phone, the other shows it and can work it', async ({ sit, phones }) => {
  const owner = await sit('javier');
  await owner.available();
  const other = new Desk(await owner.page.context().newPage(), 'javier');
  await other.open('/clients');
  await expect(owner.id('softphone-bar')).toHaveAttribute('data-ownership', 'owner');
  await expect(other.id('softphone-bar')).toHaveAttribute('data-ownership', 'other_tab');
  await other.available();
  // A third place of the same person: another browser altogether.
  const call = await phones.call({ from: lucia.number, to: lines.sales, tone: tones.caller });
  await expect(owner.ring).toBeVisible();
  await expect(other.ring).toBeVisible();

  await other.page.keyboard.press('Control+Shift+KeyY');
  await call.answered();
  await owner.talking();
  await other.talking();
  await expect(owner.ring).toBeHidden();
  await expect(other.ring).toBeHidden();
  await owner.hears(tones.caller);
  await call.hears(tones.microphone);

  await other.id('hangup').click();
  await call.ended();
  await expect(owner.strip).toBeHidden();
  await expect(other.strip).toBeHidden();

  await owner.page.close();
  await expect(other.id('softphone-bar')).toHaveAttribute('data-ownership', 'owner');
  await other.available();
});

test('an offer that was taken or given up vanishes everywhere', async ({ sit, phones }) => {
  const javier = await sit('javier');
  const elsewhere = await sit('javier', '/clients'); // the same person in another browser
  await expect(elsewhere.id('network')).toHaveAttribute('data-state', 'connected');
  await expect(javier.id('network')).toHaveAttribute('data-state', 'connected');
  await expect(elsewhere.id('softphone-state')).toHaveAttribute('data-presence', 'available');

  const call = await phones.call({ from: lucia.number, to: lines.sales });
  await expect(javier.ring).toBeVisible();
  await expect(elsewhere.ring).toBeVisible();
  await call.hangUp();
  await expect(javier.ring).toBeHidden();
  await expect(elsewhere.ring).toBeHidden();
});
