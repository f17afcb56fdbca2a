import { expect, lucia, rows, test, type Desk } from './desk';

/** Clicks as a person does, and counts. */
function counting(desk: Desk) {
  let clicks = 0;
  return {
    click: async (testId: string) => {
      clicks += 1;
      await desk.id(testId).click();
    },
    option: async (name: string) => {
      clicks += 1;
      await desk.page.getByRole('option', { name, exact: true }).click();
    },
    /** The last of several. */
    last: async (testId: string) => {
      clicks += 1;
      await desk.id(testId).last().click();
    },
    get clicks() {
      return clicks;
    },
  };
}

async function cardOf(desk: Desk, name: string): Promise<string> {
  const found = await desk.api<{ clients: { id: number }[] }>('GET', `/search?q=${encodeURIComponent(name)}`);
  return `/clients/${found.clients[0]?.id ?? 0}`;
}

const field = (desk: Desk, label: string) => desk.page.locator(`[data-testid="field-line"][data-field="${label}"]`);

test('an administrator adds a section in four clicks, and everybody has it at once', async ({ sit }) => {
  const admin = await sit('admin', '/clients');
  const card = await cardOf(admin, lucia.name);
  await admin.open(card);
  const javier = await sit('javier', card);
  await expect(javier.id('card-tab-overview')).toBeVisible();

  const mouse = counting(admin);
  await mouse.click('card-tab-section-new');
  await admin.page.keyboard.type('Delivery');
  await admin.page.keyboard.press('Enter');
  await admin.page.keyboard.type('Gate code');
  await admin.page.keyboard.press('Enter');
  await admin.page.keyboard.type('Delivery fee');
  await mouse.last('field-type');
  await mouse.option('Money');
  await mouse.click('section-create');
  await expect(field(admin, 'Gate code')).toBeVisible();
  expect(mouse.clicks, 'from the card to a section that can be used').toBeLessThanOrEqual(5);

  const tab = javier.page.getByRole('tab', { name: 'Delivery' });
  await expect(tab, 'nobody has to reload').toBeVisible();
  await tab.click();
  await field(javier, 'Delivery fee').getByTestId('field-value').click();
  await javier.page.keyboard.type('12,50');
  await javier.page.keyboard.press('Enter');
  await expect(field(javier, 'Delivery fee')).toContainText('€12.50');
  await expect(field(admin, 'Delivery fee'), 'nor to see the value').toContainText('€12.50');

  await field(javier, 'Delivery fee').getByTestId('field-value').click();
  await javier.page.keyboard.type('abc');
  await javier.page.keyboard.press('Enter');
  await expect(javier.page.getByText('This is not a number')).toBeVisible();
  await javier.page.keyboard.press('Escape');
  await expect(field(javier, 'Delivery fee')).toContainText('€12.50');
});

test('of two who change one field the second is asked, and loses nothing', async ({ sit }) => {
  const admin = await sit('admin', '/clients');
  const made = await admin.api<{ id: number }>('POST', '/sections', {
    kind: 'fields',
    title: 'Shared',
    fields: [{ label: 'Remark', type: 'text' }],
  });
  const card = await cardOf(admin, lucia.name);
  const javier = await sit('javier', card);
  await admin.open(card);
  await javier.id(`card-tab-section-${made.id}`).click();
  await admin.id(`card-tab-section-${made.id}`).click();

  await field(javier, 'Remark').getByTestId('field-value').click();
  await javier.page.keyboard.type('javier was here');
  await field(admin, 'Remark').getByTestId('field-value').click();
  await admin.page.keyboard.type('admin was first');
  await admin.page.keyboard.press('Enter');
  await expect(field(admin, 'Remark')).toContainText('admin was first');

  await javier.page.keyboard.press('Enter');
  await expect(javier.id('field-conflict')).toContainText('admin was first');
  await expect(field(javier, 'Remark').getByTestId('field-input')).toHaveValue('javier was here');
  await javier.page.reload();
  await expect(field(javier, 'Remark').getByTestId('field-input')).toHaveValue('javier was here');
  await javier.page.keyboard.press('Enter');
  await javier.id('keep-mine').click();
  await expect(field(admin, 'Remark')).toContainText('javier was here');
});

test('a table is made in five clicks and filled with the keyboard alone', async ({ sit }) => {
  const admin = await sit('admin', '/clients');
  await admin.open(await cardOf(admin, lucia.name));
  const mouse = counting(admin);
  await mouse.click('card-tab-section-new');
  await admin.page.keyboard.type('Visits');
  await mouse.click('kind-table');
  await admin.id('field-label').focus();
  await admin.page.keyboard.type('Reason');
  await admin.page.keyboard.press('Enter');
  await admin.page.keyboard.type('Hours');
  await mouse.last('field-type');
  await mouse.option('Number');
  await mouse.click('section-create');
  await expect(admin.id('no-rows')).toBeVisible();
  expect(mouse.clicks).toBeLessThanOrEqual(5);

  const cell = (row: number, label: string) =>
    admin.id('table-row').nth(row).locator(`[data-testid="table-cell"][data-field="${label}"]`);
  await admin.id('add-row').focus();
  await admin.page.keyboard.press('Enter');
  await expect(admin.id('field-input')).toBeFocused();
  await admin.page.keyboard.type('Filter changed');
  await admin.page.keyboard.press('Enter');
  await expect(cell(0, 'Reason')).toHaveText('Filter changed');
  await expect(cell(0, 'Reason')).toBeFocused();
  await admin.page.keyboard.press('ArrowRight');
  await expect(cell(0, 'Hours')).toBeFocused();
  await admin.page.keyboard.press('Enter');
  await expect(admin.id('field-input')).toBeFocused();
  await admin.page.keyboard.type('1.5');
  await admin.page.keyboard.press('Enter');
  await expect(cell(0, 'Hours')).toHaveText('1.5');
  await expect(cell(0, 'Hours')).toBeFocused();
  await admin.page.keyboard.press('Enter');
  await expect(admin.id('field-input')).toBeFocused();
  await admin.page.keyboard.type('9');
  await admin.page.keyboard.press('Escape');
  await expect(cell(0, 'Hours')).toHaveText('1.5');

  await admin.id('table-row').first().hover();
  await admin.id('remove-row').click();
  await expect(admin.id('no-rows')).toBeVisible();
  await admin.id('undo').click();
  await expect(cell(0, 'Reason')).toHaveText('Filter changed');
  expect(
    await rows(`select count(*) from audit_entries where action in ('client.row.add', 'client.row.remove')`),
  ).not.toEqual(['0']);
});

test('a choice that is missing is created where it is chosen', async ({ sit }) => {
  const admin = await sit('admin', '/clients');
  const card = await cardOf(admin, lucia.name);
  const javier = await sit('javier', card);
  await javier.page.getByRole('tab', { name: 'Contract' }).click();
  await field(javier, 'Plan').getByTestId('field-value').click();
  await javier.page.keyboard.type('Platinum');
  await javier.page.getByRole('option', { name: 'Create “Platinum”' }).click();
  await expect(field(javier, 'Plan')).toContainText('Platinum');
  await admin.open('/settings/fields');
  await admin.id('show-dictionaries').click();
  await admin.page.getByRole('button', { name: /Service plans/ }).click();
  await expect(admin.id('term').getByRole('textbox').last()).toHaveValue('Platinum');
});
