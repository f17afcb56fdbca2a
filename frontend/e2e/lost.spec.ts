import type { Page } from '@playwright/test';
import { expect, lines, rows, test, type Desk } from './desk';
import { tones } from './sound';
import type { Phones } from './phones';

// High enough for every row of the board to be drawn.
test.use({ viewport: { width: 1366, height: 2400 } });

const count = async (desk: Desk, testId: string) => Number(await desk.id(testId).getAttribute('data-count'));

/** Somebody calls, rings in vain and hangs up; the row that appears on the board. */
async function missed(desk: Desk, phones: Phones, from: string) {
  const call = await phones.call({ from, to: lines.sales });
  await expect(desk.ring).toBeVisible();
  await call.ringing();
  await call.hangUp();
  await expect(desk.ring).toBeHidden();
  const [lead] = await rows(
    `select l.id from leads l join calls c on c.lead_id = l.id where c.caller_raw like '%${from.slice(-9)}' order by l.id desc limit 1`,
  );
  const row = desk.page.locator(`[data-testid=lead-row][data-lead-id="${lead}"]`);
  await expect(row).toHaveAttribute('data-class', 'lost');
  return { lead: Number(lead), row };
}

/** The far side is called, rings, answers; true states all the way. */
async function conversation(desk: Desk, phones: Phones, to: string) {
  const far = await phones.incoming();
  expect(far.to.endsWith(to.slice(-9)), far.to).toBe(true);
  await expect(desk.strip).toBeVisible();
  await expect(desk.strip, 'nobody answered yet').not.toHaveAttribute('data-phase', 'talking');
  await far.answer();
  await desk.talking();
  await desk.hears(tones.farEnd);
  await far.hears(tones.microphone);
  return far;
}

const choose = async (page: Page, name: RegExp) => {
  await page.getByTestId('closing-type').click();
  await page.getByRole('option', { name }).click();
};

test('a missed call stands on the board until it is called back and closed', async ({ sit, phones }) => {
  const carmen = await sit('carmen');
  await carmen.available();
  const open = await count(carmen, 'balance-open');
  const { row } = await missed(carmen, phones, '+34655020301');
  await expect.poll(() => count(carmen, 'balance-open')).toBe(open + 1);

  await row.getByTestId('call-back').click();
  const far = await conversation(carmen, phones, '+34655020301');
  await expect(row).toHaveAttribute('data-class', 'called_back_20m');
  await far.hangUp();
  await expect(carmen.id('finished-card')).toHaveAttribute('data-outcome', 'answered');

  const reached = await count(carmen, 'balance-called_back_reached').catch(() => 0);
  await carmen.id('close-lead-submit').click();
  await expect(row).toBeHidden();
  await expect.poll(() => count(carmen, 'balance-open')).toBe(open);
  await expect.poll(() => count(carmen, 'balance-called_back_reached')).toBe(reached + 1);
  await expect(carmen.id('balance')).toHaveAttribute('data-difference', '0');
});

test('the board is worked by keys alone: call back, talk, close with a reason', async ({ sit, phones }) => {
  const carmen = await sit('carmen');
  await carmen.available();
  const { row, lead } = await missed(carmen, phones, '+34655020302');
  await carmen.id('class-lost').click();
  const { keyboard } = carmen.page;
  for (let step = 0; step < 40 && !(await row.getAttribute('data-current')); step++) await keyboard.press('KeyJ');
  await expect(row).toHaveAttribute('data-current', 'true');

  await keyboard.press('KeyC');
  const far = await phones.incoming();
  await far.reject(486);
  await expect(carmen.id('finished-card')).toHaveAttribute('data-outcome', 'busy');
  await carmen.id('finished-dismiss').click();
  await expect(row, 'it is not of this class any more').toBeHidden();
  await carmen.id('class-our_dial_unanswered').click();
  await expect(row).toHaveAttribute('data-class', 'our_dial_unanswered');
  for (let step = 0; step < 40 && !(await row.getAttribute('data-current')); step++) await keyboard.press('KeyJ');
  await keyboard.press('KeyX');
  await choose(carmen.page, /written off/iu);
  await expect(carmen.id('close-lead-submit')).toBeDisabled();
  await carmen.id('closing-reason').fill('Wrong town, we do not work there.');
  await carmen.id('close-lead-submit').click();
  await expect(row).toBeHidden();
  expect(await rows(`select state, closing, attempts from leads where id = ${lead}`)).toEqual(['closed|written_off|1']);
});
