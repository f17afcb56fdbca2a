import { AxeBuilder } from '@axe-core/playwright';
import { expect, lucia, rows, test, type Desk } from './desk';

async function idOf(desk: Desk, name: string): Promise<number> {
  const found = await desk.api<{ clients: { id: number }[] }>('GET', `/search?q=${encodeURIComponent(name)}`);
  return found.clients[0]?.id ?? 0;
}

const pdf = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

/** Lets files fall on the card as a mouse would. */
async function drop(desk: Desk, name: string): Promise<void> {
  const data = await desk.page.evaluateHandle((file) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['a,b\n1,2\n'], file, { type: 'text/csv' }));
    return transfer;
  }, name);
  await desk.id('client-files').dispatchEvent('dragenter', { dataTransfer: data });
  await desk.id('client-files').dispatchEvent('drop', { dataTransfer: data });
}

test('a card is filled in with the mouse, keeps what is typed, and is put away', async ({ sit }) => {
  const javier = await sit('javier', '/clients');
  const id = await idOf(javier, lucia.name);
  await javier.open(`/clients/${id}`);

  await javier.id('add-tag').click();
  await javier.page.keyboard.type('Terrace');
  await javier.page.getByRole('option', { name: 'Create “Terrace”' }).click();
  const terrace = javier.id('client-tag').filter({ hasText: 'Terrace' });
  await expect(terrace).toBeVisible();
  await terrace.getByTestId('remove-tag').click();
  await expect(terrace).toHaveCount(0);
  await javier.id('undo').click();
  await expect(terrace).toBeVisible();

  await javier.id('add-address').click();
  await javier.id('address-street').fill('Calle del Olmo 7');
  await javier.id('address-city').fill('Madrid');
  await javier.id('address-save').click();
  await expect(javier.id('address').filter({ hasText: 'Calle del Olmo 7' })).toBeVisible();

  const sms = javier.page.locator('[data-testid="consent"][data-kind="calls"]');
  await sms.getByTestId('consent-change').click();
  await javier.id('consent-note').fill('said so at the fair');
  await javier.id('consent-save').click();
  await expect(sms).toHaveAttribute('data-given', 'true');

  await javier.id('card-tab-people').click();
  await javier.id('add-relation').click();
  await javier.id('person-search').fill('Gloria Paz');
  await javier.page.getByRole('option', { name: 'Create person “Gloria Paz”' }).click();
  await javier.id('fresh-phone').fill('655 12 12 12');
  await javier.id('person-role').fill('sister');
  await javier.page.reload();
  await expect(javier.id('fresh-name'), 'the tab and what was typed are still there').toHaveValue('Gloria Paz');
  await expect(javier.id('person-role')).toHaveValue('sister');
  await javier.id('person-save').click();
  const gloria = javier.id('relation').filter({ hasText: 'Gloria Paz' });
  await expect(gloria).toContainText('sister');
  await expect(gloria).toContainText('+34 655 12 12 12');
  await gloria.getByRole('link').click();
  await expect(javier.id('client-card-name')).toHaveText('Gloria Paz');
  await javier.page.goBack();

  await javier.id('card-tab-files').click();
  await javier.id('file-picker').setInputFiles({ name: 'Offer.pdf', mimeType: 'application/pdf', buffer: pdf });
  const offer = javier.id('client-file').filter({ hasText: 'Offer.pdf' });
  await expect(offer).toBeVisible();
  await drop(javier, 'prices.csv');
  await expect(javier.id('client-file')).toHaveCount(2);
  const [download] = await Promise.all([
    javier.page.waitForEvent('download'),
    offer.getByTestId('download-file').click(),
  ]);
  expect(download.suggestedFilename()).toBe('Offer.pdf');
  await offer.getByTestId('file-menu').click();
  await javier.id('delete-file').click();
  await expect(offer).toHaveCount(0);
  await javier.id('undo').last().click();
  await expect(offer).toBeVisible();
  await javier.id('card-tab-history').click();
  await expect(javier.page.locator('[data-testid="deed"][data-action="client.file.restore"]')).toBeVisible();

  await javier.id('card-menu').click();
  await javier.id('archive-client').click();
  await expect(javier.id('archived')).toBeVisible();
  expect(await idOf(javier, lucia.name), 'no search finds an archived client').toBe(0);
  await javier.id('restore-client').click();
  await expect(javier.id('archived')).toHaveCount(0);
  expect(await idOf(javier, lucia.name)).toBe(id);
});

test('from the list through cards and back with the keyboard alone', async ({ sit }) => {
  const admin = await sit('admin', '/clients');
  const { keyboard } = admin.page;
  const shown = admin.id('client-card-name');
  await admin.id('client-list').focus();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(admin.id('walk')).toContainText('2 of');
  const second = await shown.textContent();
  await keyboard.press('KeyJ');
  await expect(admin.id('walk')).toContainText('3 of');
  await keyboard.press('KeyK');
  await expect(shown).toHaveText(second ?? '');

  await admin.id('card-tab-overview').focus();
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  await expect(admin.page).toHaveURL(/tab=files/);
  await expect(admin.id('card-tab-files')).toBeFocused();
  await keyboard.press('ArrowRight');
  await admin.id('add-relation').focus();
  await keyboard.press('Enter');
  const other = second?.includes(lucia.name) ? 'Nuria Sosa Pérez' : lucia.name; // nobody is related to himself
  const answered = admin.page.waitForResponse((r) => new URL(r.url()).searchParams.get('q') === other);
  await keyboard.type(other);
  await answered; // what comes late would take the choice away
  const option = admin.page.getByRole('option', { name: other }).first();
  await expect(option).toBeVisible();
  await keyboard.press('ArrowDown');
  await expect(option).toHaveAttribute('data-combobox-selected', 'true');
  await keyboard.press('Enter');
  await expect(option).toBeHidden();
  await keyboard.press('Tab');
  await keyboard.type('accountant of');
  await keyboard.press('Enter');
  const relation = admin.id('relation').filter({ hasText: 'accountant of' });
  await expect(relation).toContainText(other);
  await relation.getByTestId('remove-relation').focus();
  await keyboard.press('Enter');
  await expect(relation).toHaveCount(0);

  await admin.id('pin-client').focus();
  await keyboard.press('Enter');
  await expect(admin.id('pin-client')).toHaveAttribute('aria-pressed', 'true');
  await admin.open('/clients');
  await expect(admin.id('at-hand-client').filter({ hasText: second ?? '' })).toBeVisible();
  await keyboard.press('Control+KeyK');
  await expect(admin.id('palette-item').first()).toContainText(second ?? '');
  await expect(admin.id('palette-input')).toBeFocused();
  await keyboard.press('Enter');
  await expect(shown).toHaveText(second ?? '');

  const found: string[] = [];
  for (const tab of ['timeline', 'leads', 'files', 'people', 'history']) {
    await admin.id(`card-tab-${tab}`).click();
    await expect(admin.id('loading')).toHaveCount(0);
    const colorScheme = tab === 'people' || tab === 'timeline' ? 'dark' : 'light';
    await admin.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expect(admin.page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
    const { violations } = await new AxeBuilder({ page: admin.page }).setLegacyMode().analyze();
    for (const each of violations) {
      if (each.impact === 'serious' || each.impact === 'critical')
        found.push(`${tab}: ${each.id}: ${each.nodes.map((node) => node.html.slice(0, 140)).join(' | ')}`);
    }
  }
  expect(found).toEqual([]);
});

test('what nobody dealt with is deleted, and comes back', async ({ sit }) => {
  const admin = await sit('admin', '/clients');
  const { id } = await admin.api<{ id: number }>('POST', '/clients', { kind: 'person', name: 'Passing Stranger' });
  await admin.open(`/clients/${id}`);
  await admin.id('card-menu').click();
  await admin.id('delete-client').click();
  await expect(admin.page).toHaveURL(/\/clients$/);
  expect(await rows(`select count(*) from clients where id = ${id}`)).toEqual(['0']);
  await admin.id('undo').click();
  await expect(admin.id('client-card-name')).toHaveText('Passing Stranger');
});

test('a timeline of ten thousand entries is scrolled to its end', async ({ sit }) => {
  const javier = await sit('javier', '/clients');
  const { id } = await javier.api<{ id: number }>('POST', '/clients', { kind: 'person', name: 'Ten Thousand' });
  await rows(`with n as (insert into notes (client_id, user_id, text, created_at)
      select ${id}, 1, 'Note ' || i || repeat(' more', i % 50), now() - i * interval '30 minutes' from generate_series(1, 10000) i
      returning id, created_at)
    insert into interactions (kind, direction, at, client_id, user_id, ref_id)
      select 'note', 'internal', created_at, ${id}, 1, id from n`);
  await javier.open(`/clients/${id}?tab=timeline`);
  await expect(javier.id('timeline-entry').first()).toContainText('Note 1');
  const box = javier.id('timeline-scroll');
  const last = javier.id('timeline-entry').filter({ hasText: /Note 10000/ });
  await expect
    .poll(
      async () => {
        await box.evaluate((each) => each.scrollTo(0, each.scrollHeight));
        return last.count();
      },
      { timeout: 60_000, intervals: [20] },
    )
    .toBe(1);
  expect(await javier.id('timeline-entry').count(), 'only what is looked at is drawn').toBeLessThan(60);
  await javier.id('timeline-kind-call').click();
  await expect(javier.id('empty')).toBeVisible();
  await javier.id('timeline-kind-note').click();
  await expect(javier.id('timeline-entry').first()).toContainText('Note 1');
});
