import { AxeBuilder } from '@axe-core/playwright';
import { expect, lucia, rows, test, type Desk } from './desk';

/** Chooses a field in the form of a condition, by typing the beginning of its name. */
async function condition(desk: Desk, field: string): Promise<void> {
  await desk.id('filter-add').click();
  await desk.id('filter-field').fill(field);
  await desk.page.getByRole('option', { name: field, exact: true }).click();
}

/** What axe finds serious on the screen. */
async function faults(desk: Desk): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page: desk.page }).setLegacyMode().analyze();
  return violations
    .filter((each) => each.impact === 'serious' || each.impact === 'critical')
    .map((each) => `${each.id}: ${each.nodes[0]?.html.slice(0, 140) ?? ''}`);
}

test('a list is narrowed, kept as a view, and is there again after a reload', async ({ sit }) => {
  const elena = await sit('elena', '/clients');
  await condition(elena, 'Responsible');
  await elena.id('filter-value').click();
  await elena.page.getByRole('option', { name: 'Javier Soler' }).click();
  await elena.id('filter-apply').click();
  const [his] = await rows(
    `select count(*) from clients c join users u on u.id = c.responsible_id where u.login = 'javier'`,
  );
  await expect(elena.id('list-count')).toHaveAttribute('data-count', his ?? '');
  await elena.page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click();
  await elena.id('columns-menu').click();
  await elena.id('column-search').fill('lang');
  await elena.page.locator('[data-testid="column-add"][data-key="language"]').click();
  await elena.page.keyboard.press('Escape');
  await elena.id('view-menu').click();
  await elena.id('view-save').click();
  await elena.id('view-name').fill('Javier’s people');
  await elena.id('view-for-firm').click();
  await elena.id('view-keep').click();
  await expect(elena.id('view-menu')).toContainText('Javier’s people');
  expect(await faults(elena)).toEqual([]);

  await elena.page.reload();
  await expect(elena.id('filter-chip')).toContainText('Responsible is Javier Soler');
  await expect(elena.page.getByRole('columnheader', { name: 'Language' })).toBeVisible();
  await expect(elena.page.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'ascending');

  const carmen = await sit('carmen', '/clients');
  await carmen.id('view-menu').click();
  await carmen.id('view-item').filter({ hasText: 'Javier’s people' }).click();
  await expect(carmen.id('filter-chip')).toContainText('Javier Soler');
  await carmen.page.goBack();
  await expect(carmen.id('filter-chip')).toHaveCount(0);
});

test('those who are chosen get another responsible, and have the old one back', async ({ sit }) => {
  const elena = await sit('elena', '/clients?view=all');
  const before = await rows(`select id || ' ' || coalesce(responsible_id, 0) from clients order by id`);
  await elena.id('select-row').nth(0).click();
  await elena
    .id('select-row')
    .nth(3)
    .click({ modifiers: ['Shift'] });
  await expect(elena.id('list-chosen')).toHaveAttribute('data-count', '4');
  await elena.id('select-matching').click();
  await expect(elena.id('list-chosen')).toHaveAttribute('data-count', String(before.length));
  await elena.id('bulk-responsible').click();
  await elena.id('bulk-people').click();
  await elena.page.getByRole('option', { name: 'Carmen Vidal' }).click();
  await elena.page.getByRole('option', { name: 'Javier Soler' }).click();
  await elena.id('bulk-go').click();
  const run = elena.id('bulk-run').first();
  await expect(run).toHaveAttribute('data-state', 'done');
  expect(
    await rows(
      `select count(*) from clients c join users u on u.id = c.responsible_id where u.login in ('carmen', 'javier') group by u.id order by 1`,
    ),
  ).toEqual([Math.floor(before.length / 2), Math.ceil(before.length / 2)].map(String));
  await run.getByTestId('bulk-rows').click();
  await expect(elena.id('bulk-row').first()).toBeVisible();
  expect(await faults(elena)).toEqual([]);
  await elena.page.keyboard.press('Escape');

  const [touched] = await rows(
    `update clients set responsible_id = (select id from users where login = 'elena') where name = '${lucia.name}' returning id`,
  );
  await run.getByTestId('bulk-undo').click();
  await expect(run).toHaveAttribute('data-state', 'undone');
  const after = await rows(`select id || ' ' || coalesce(responsible_id, 0) from clients order by id`);
  expect(after.filter((row, index) => row !== before[index]).map((row) => row.split(' ')[0])).toEqual([touched]);
});

test('the keyboard alone finds, chooses, changes and opens', async ({ sit }) => {
  const elena = await sit('elena', '/clients?view=all');
  const { page } = elena;
  await expect(elena.id('client-row').first()).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type(lucia.name.slice(0, 9));
  await expect(elena.id('list-count')).toHaveAttribute('data-count', '1');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  await expect(elena.id('list-chosen')).toHaveAttribute('data-count', '1');
  await page.keyboard.press('Escape');
  await expect(elena.id('list-bulk')).toHaveCount(0);

  await page.keyboard.press('F2');
  await expect(elena.id('cell-input')).toBeFocused();
  await page.keyboard.press('End');
  await page.keyboard.type(' Ruiz');
  await page.keyboard.press('Enter');
  await expect(elena.id('client-row')).toContainText(`${lucia.name} Ruiz`);
  await expect(elena.id('client-list')).toBeFocused();
  await elena.id('undo').press('Enter');
  await expect(elena.id('client-row').getByText(lucia.name, { exact: true })).toBeVisible();

  await elena.id('client-list').focus();
  await page.keyboard.press('Enter');
  await expect(elena.id('client-card-name')).toHaveText(lucia.name);
});

test('a segment says how many, who, and why', async ({ sit }) => {
  const elena = await sit('elena', '/segments?id=new');
  await elena.id('segment-name').fill('Callers');
  await condition(elena, 'Calls');
  await elena.id('filter-apply').click();
  const [callers] = await rows(`select count(distinct client_id) from calls where client_id is not null`);
  await expect(elena.id('segment-draft-count')).toHaveAttribute('data-count', callers ?? '');
  await elena.id('segment-keep').click();
  await expect(elena.id('segment-count').first()).toHaveAttribute('data-count', callers ?? '');
  await elena.id('segment-why').first().click();
  await expect(elena.id('why-reason')).toHaveAttribute('data-holds', 'true');
  await expect(elena.id('why-reason')).toContainText('has:');
  await elena.page.keyboard.press('Escape');
  expect(await faults(elena)).toEqual([]);
  await elena.id('segment-open').click();
  await expect(elena.id('list-count')).toHaveAttribute('data-count', callers ?? '');
});
