import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, lucia, test, type Desk } from './desk';
import { world } from './world';

const routes = [
  '/board',
  '/leads',
  '/clients',
  '/segments',
  '/segments?id=new',
  '/imports',
  '/exports',
  '/settings/exports',
  '/clients/new?number=%2B34611222333&name=Carlos',
  '/messages',
  '/messages/outbox',
  '/reminders',
  '/settings/users',
  '/settings/lines',
  '/settings/queues',
  '/settings/skills',
  '/settings/desk',
  '/agents',
  '/settings/firm',
  '/settings/fields',
  '/settings/templates',
  '/settings/health',
  '/profile',
];

async function settled(page: Page): Promise<void> {
  await expect(page.getByTestId('loading')).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
}

/** What axe finds serious or critical on the screen; of the dark theme, the one rule that a theme can break. */
async function faults(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
    const axe = new AxeBuilder({ page }).setLegacyMode();
    if (colorScheme === 'dark') axe.withRules(['color-contrast', 'link-in-text-block']);
    const { violations } = await axe.analyze();
    for (const each of violations) {
      if (each.impact !== 'serious' && each.impact !== 'critical') continue;
      found.push(
        `${name} ${colorScheme}: ${each.id}: ${each.nodes.map((node) => node.html.slice(0, 140)).join(' | ')}`,
      );
    }
  }
  return found;
}

async function speak(desk: Desk, language: string): Promise<void> {
  await desk.open('/profile');
  await desk.id('profile-locale').click();
  await desk.page.getByRole('option', { name: language }).click();
}

for (const { locale, language } of [
  { locale: 'en', language: 'English' },
  { locale: 'es', language: 'Español' },
  { locale: 'ru', language: 'Русский' },
]) {
  test(`every screen is accessible in ${locale}, light and dark`, async ({ sit }) => {
    test.setTimeout(300_000);
    const admin = await sit('admin', '/profile');
    await speak(admin, language);
    await expect(admin.page.locator('html')).toHaveAttribute('lang', locale);
    const { items } = await admin.api<{ items: { client_id: number }[] }>(
      'GET',
      `/clients/by-number?number=${encodeURIComponent(lucia.number)}`,
    );
    const leads = await admin.api<{ items: { id: number }[] }>('GET', '/leads?state=open');
    const found: string[] = [];
    for (const route of [...routes, `/clients/${items[0]?.client_id}`, `/leads/${leads.items[0]?.id}`]) {
      await admin.open(route);
      await settled(admin.page);
      await expect(admin.page.locator('html')).toHaveAttribute('lang', locale);
      found.push(...(await faults(admin.page, route)));
    }
    expect(found).toEqual([]);
  });
}

test('the door is accessible in three languages and both themes', async ({ page }) => {
  await page.goto(world().url);
  const found: string[] = [];
  for (const locale of ['es', 'ru', 'en']) {
    await page.getByTestId(`locale-${locale}`).click();
    await expect(page.locator('html')).toHaveAttribute('lang', locale);
    found.push(...(await faults(page, locale)));
  }
  expect(found).toEqual([]);
});

test('the theme that was chosen stays', async ({ sit }) => {
  const elena = await sit('elena', '/profile');
  const scheme = elena.page.locator('html');
  for (const theme of ['dark', 'light'] as const) {
    await elena.id(`theme-${theme}`).click();
    await expect(scheme).toHaveAttribute('data-mantine-color-scheme', theme);
    await elena.open('/board');
    await expect(scheme).toHaveAttribute('data-mantine-color-scheme', theme);
    await elena.open('/profile');
  }
});
