import { expect, lines, rows, test } from './desk';

// High enough for every row of the board to be drawn.
test.use({ viewport: { width: 1366, height: 2400 } });

const clientOf = (lead: string) => rows(`select coalesce(client_id, 0) from leads where id = ${lead}`);

test('a stranger who rings turns out to be a client, and not to be one after all', async ({ sit, phones }) => {
  const carmen = await sit('carmen');
  await carmen.available();
  const call = await phones.call({ from: '+34655020401', to: lines.sales });
  await expect(carmen.ring).toBeVisible();
  await carmen.id('ring-link-client').click();
  await expect(carmen.page).toHaveURL(/\/leads\/\d+$/u);
  const lead = /\d+$/u.exec(carmen.page.url())?.[0] ?? '';

  await carmen.id('lead-link').click();
  // Somebody who has no open lead: two of one client are joined, and that is not taken back.
  const free = `from clients c where not exists (select 1 from leads l where l.client_id = c.id and l.state = 'open')`;
  const [client] = await rows(`select min(id) ${free}`);
  const [name] = await rows(`select name from clients where id = ${client}`);
  await carmen.id('link-search').fill(name ?? '');
  await carmen.page.locator(`[data-testid=link-choice][data-client-id="${client}"]`).click();
  await expect(carmen.id('lead-open-card')).toBeVisible();
  await expect(carmen.id('ring-name'), 'the ring card knows it, too').toHaveText(name ?? '');
  expect(await clientOf(lead)).toEqual([client]);

  await carmen.id('lead-unlink').click();
  await expect(carmen.id('lead-link')).toBeVisible();
  expect(await clientOf(lead)).toEqual(['0']);
  expect(await rows(`select count(*) from contact_points where value = '+34655020401'`)).toEqual(['0']);
  await call.hangUp();
  await expect(carmen.ring).toBeHidden();
});

test('many leads are handed out at once, and taken back', async ({ sit, phones }) => {
  const carmen = await sit('carmen');
  await carmen.available();
  for (const from of ['+34655020402', '+34655020403']) {
    const call = await phones.call({ from, to: lines.sales });
    await expect(carmen.ring).toBeVisible();
    await call.ringing();
    await call.hangUp();
    await expect(carmen.ring).toBeHidden();
  }
  const ids = await rows(`select id from leads where number in ('+34655020402', '+34655020403') order by id`);
  const responsible = () =>
    rows(`select coalesce(responsible_id, 0) from leads where id in (${ids.join(',')}) order by id`);
  const before = await responsible();
  const supervisor = await sit('elena');
  for (const id of ids) {
    await supervisor.page.locator(`[data-testid=lead-row][data-lead-id="${id}"]`).getByTestId('bulk-pick').check();
  }
  await expect(supervisor.id('bulk-bar')).toContainText('2');
  await supervisor.id('bulk-assign').click();
  const to = supervisor.id('bulk-assign-user').first();
  const user = (await to.getAttribute('data-user-id')) ?? '';
  await to.click();
  await expect.poll(responsible).toEqual([user, user]);
  await supervisor.id('undo').first().click();
  await expect.poll(responsible).toEqual(before);
});
