import { expect, lines, lucia, test } from './desk';

test('a typed note keeps its focus and every letter while the phone rings', async ({ sit, phones }) => {
  const javier = await sit('javier', '/clients');
  await javier.available();
  await javier.id('client-row').nth(3).getByTestId('client-link').click();
  const note = javier.id('note-text');
  await note.click();
  const card = javier.page.url();
  const before = 'Wants the quote for the kitchen ';
  const after = 'before Friday, by e-mail.';
  await note.pressSequentially(before);

  const call = await phones.call({ from: lucia.number, to: lines.sales, tone: 440 });
  await expect(javier.ring).toBeVisible();
  await expect(note).toBeFocused();
  await note.pressSequentially(after, { delay: 20 });
  await expect(note).toHaveValue(before + after);

  await javier.page.keyboard.press('Control+Shift+KeyY');
  await javier.talking();
  await expect(note).toBeFocused();
  await expect(note).toHaveValue(before + after);
  expect(javier.page.url(), 'an unsaved note is not left behind').toBe(card);

  const second = await phones.call({ from: '+34600999888', to: lines.sales, name: 'Second caller' });
  await second.ringing().catch(() => undefined); // nobody is free: it may be told so at once
  await expect(note).toBeFocused();

  await javier.id('call-client').click();
  await expect(javier.id('client-card-name')).toHaveText(lucia.name);
  await javier.page.keyboard.press('Control+Shift+KeyE');
  await call.ended();
  await javier.page.goto(card);
  await expect(note).toHaveValue(before + after);
  await javier.id('note-save').click();
  await expect(note).toHaveValue('');
  await expect(javier.id('timeline-entry').first()).toContainText(before + after);
});
