import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test as base, expect, type Browser, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { Phones } from './phones';
import { ears } from './sound';
import { world } from './world';

export { expect };

/** The demonstration's lines and its first client, whose responsible is javier. */
export const lines = { sales: '+34910102030', service: '+34910102040' } as const;
export const lucia = { number: '+34600111222', name: 'Lucía Fernández Ortega' } as const;

/** A person's browser, signed in. */
export class Desk {
  constructor(
    readonly page: Page,
    readonly login: string,
  ) {}

  get ring(): Locator {
    return this.page.getByTestId('ring-card');
  }
  get strip(): Locator {
    return this.page.getByTestId('call-strip');
  }
  id(testId: string): Locator {
    return this.page.getByTestId(testId);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(world().url + path);
    await this.id('shell').waitFor();
  }

  /** The softphone is registered and calls may come. */
  async available(): Promise<void> {
    await expect(this.id('registration')).toHaveAttribute('data-state', 'registered');
    await expect(this.id('softphone-state')).toHaveAttribute('data-state', 'available');
  }

  async talking(): Promise<void> {
    await expect(this.strip).toHaveAttribute('data-phase', 'talking');
    await expect(this.strip).toHaveAttribute('data-leg', 'up');
  }

  /** They have talked long enough for it to be a conversation: a shorter one counts as abandoned. */
  async conversed(): Promise<void> {
    await expect(this.strip).toContainText(/0:(0[2-9]|[1-5]\d)/);
  }

  private loudness(hz: number): Promise<number> {
    return this.page.evaluate((f) => (window as unknown as { loudness(hz: number): number }).loudness(f), hz);
  }
  /** The person hears the tone. */
  async hears(hz: number): Promise<void> {
    await expect.poll(() => this.loudness(hz), { message: `${this.login} hears ${hz} Hz` }).toBeGreaterThan(-45);
  }
  async deaf(hz: number): Promise<void> {
    await expect.poll(() => this.loudness(hz), { message: `${this.login} is deaf to ${hz} Hz` }).toBeLessThan(-60);
  }

  async api<T>(method: 'GET' | 'POST' | 'PATCH' | 'PUT', path: string, data?: object): Promise<T> {
    const response = await this.page.request.fetch(`${world().url}/api${path}`, {
      method,
      headers: { Origin: world().url },
      ...(data ? { data } : {}),
    });
    if (!response.ok()) throw new Error(`${method} ${path}: ${response.status()} ${await response.text()}`);
    return (response.status() === 204 ? undefined : await response.json()) as T;
  }
}

/** Rows of a query of the product's database, one string per row, columns parted by "|". */
export async function rows(sql: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('psql', [world().postgres, '-XAtc', sql]);
  return stdout.split('\n').filter((line) => line !== '');
}

async function signIn(context: BrowserContext, login: string): Promise<void> {
  await context.addInitScript(ears);
  const response = await context.request.post(`${world().url}/api/session`, {
    headers: { Origin: world().url },
    data: { login, password: world().password },
  });
  expect(response.status(), await response.text()).toBe(200);
  const preferred = await context.request.patch(`${world().url}/api/session/preferences`, {
    headers: { Origin: world().url },
    data: { locale: 'en', theme: 'auto' },
  });
  expect(preferred.status(), await preferred.text()).toBe(200);
}

async function settle(browser: Browser, contexts: BrowserContext[]): Promise<void> {
  for (const context of contexts) await context.close();
  expect(browser.isConnected()).toBe(true);
}

interface Fixtures {
  phones: Phones;
  /** Opens a browser of its own for a person, signed in, at the path. */
  sit(login: string, path?: string): Promise<Desk>;
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern
  phones: async ({}, use) => {
    const phones = new Phones();
    await use(phones);
    await phones.close();
  },
  sit: async ({ browser }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (login, path = '/board') => {
      const context = await browser.newContext();
      contexts.push(context);
      await signIn(context, login);
      const desk = new Desk(await context.newPage(), login);
      await desk.open(path);
      return desk;
    });
    await settle(browser, contexts);
  },
});
