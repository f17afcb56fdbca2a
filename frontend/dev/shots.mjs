// Takes a picture of every screen of a running instance, and asks axe about it.
//
//   node dev/shots.mjs URL LOGIN PASSWORD [FOLDER] [LOCALE]
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from '@playwright/test';
import { mkdirSync } from 'node:fs';

const [url, login, password, folder = 'shots', locale = 'en'] = process.argv.slice(2);
const sizes = [
  { width: 1366, height: 768 },
  { width: 1920, height: 1080 },
];
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const only = process.env.ONLY;

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
});
let violations = 0;

async function settled(page) {
  await page.waitForFunction(() => !document.querySelector('[data-testid=loading]'), undefined, { timeout: 8000 });
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function picture(page, name) {
  await settled(page).catch(() => console.log('still loading:', name));
  await page.screenshot({ path: `${folder}/${name}.png` });
  const report = await new AxeBuilder({ page }).analyze();
  for (const each of report.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')) {
    violations += 1;
    console.log(`${name}: ${each.id} (${each.impact}) ${each.nodes.length}× ${each.nodes[0].html.slice(0, 160)}`);
  }
}

for (const scheme of ['light', 'dark']) {
  for (const viewport of sizes) {
    if (process.env.SIZE && Number(process.env.SIZE) !== viewport.width) continue;
    if (process.env.SCHEME && process.env.SCHEME !== scheme) continue;
    const context = await browser.newContext({ viewport, colorScheme: scheme, locale, permissions: ['microphone'] });
    await context.addInitScript((l) => localStorage.setItem('centralita.locale', l), locale);
    const page = await context.newPage();
    page.on('pageerror', (error) => console.log('page error:', error.message));
    page.on('console', (message) => message.type() === 'error' && console.log('console:', message.text()));
    const tag = `${scheme}-${viewport.width}`;
    const shot = async (name, open) => {
      if (only && !only.split(',').includes(name)) return;
      try {
        await open();
        await picture(page, `${name}-${tag}`);
      } catch (error) {
        console.log(`${name}-${tag}:`, error.message.split('\n')[0]);
      }
    };
    const go = (path) => page.goto(url + path, { waitUntil: 'networkidle', timeout: 8000 }).catch(() => undefined);
    await go('/');
    await page.getByTestId('login-form').waitFor();
    await shot('login', async () => undefined);
    await page.getByTestId('login').fill(login);
    await page.getByTestId('password').fill(password);
    await page.getByTestId('login-submit').click();
    await page.getByTestId('shell').waitFor();
    await shot('board', () => go('/board'));
    await shot('board-close', async () => {
      await page.getByTestId('close-lead').first().click();
      await page.getByTestId('close-form').waitFor();
    });
    await shot('lead', async () => {
      await go('/board');
      await page.getByTestId('open-lead').first().click();
      await page.getByTestId('lead-view').waitFor();
      await page.waitForTimeout(250);
    });
    await shot('leads', () => go('/leads'));
    await shot('clients', () => go('/clients'));
    await shot('card', async () => {
      await go('/clients');
      await page
        .getByTestId('client-row')
        .first()
        .click({ position: { x: 300, y: 20 } });
      await page.getByTestId('client-card').waitFor();
    });
    await shot('card-sms', () => page.getByTestId('tab-sms').click());
    await shot('card-reminder', () => page.getByTestId('tab-reminder').click());
    await shot('new-client', () => go('/clients/new?number=%2B34611222333&name=Carlos'));
    await shot('messages', () => go('/messages'));
    await shot('outbox', () => go('/messages/outbox'));
    await shot('reminders', () => go('/reminders'));
    for (const name of ['users', 'lines', 'queues', 'skills', 'desk', 'firm', 'templates', 'health']) {
      await shot(name, async () => {
        await go(`/settings/${name}`);
        const row = page.getByTestId(`${name.slice(0, -1)}-row`).first();
        if (await row.isVisible()) await row.click();
      });
    }
    await shot('agents', () => go('/agents'));
    await shot('profile', () => go('/profile'));
    await shot('palette', async () => {
      await go('/clients');
      await page.keyboard.press('Control+k');
      await page.getByTestId('palette-input').fill('an');
      await page.waitForTimeout(400);
    });
    await shot('shortcuts', async () => {
      await go('/board');
      await page.getByTestId('open-shortcuts').click();
      await page.waitForTimeout(200);
    });
    await context.close();
  }
}
await browser.close();
console.log(violations === 0 ? 'axe: nothing serious' : `axe: ${violations} serious`);
