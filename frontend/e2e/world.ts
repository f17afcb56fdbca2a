import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');

/** What the tests need to know of the running product and of the telephones outside. */
export interface World {
  url: string;
  sip: string;
  postgres: string;
  ari: string;
  ariUser: string;
  ariPassword: string;
  password: string;
  phones: string;
  dir: string;
}

export const world = (): World => JSON.parse(process.env.CENTRALITA_E2E ?? '{}') as World;

/** Starts the telephones and the product, with demonstration data, on ports of their own; stops both afterwards. */
export default async function start(): Promise<() => Promise<void>> {
  if (process.env.CENTRALITA_E2E) return async () => undefined; // a world that runs already
  const binary = process.env.CENTRALITA_BIN ?? path.join(root, 'bin/centralita');
  if (!existsSync(binary)) throw new Error(`${binary} is not there: make build`);
  const dir = mkdtempSync(path.join(tmpdir(), 'ui-'));
  chmodSync(dir, 0o711); // the private PostgreSQL runs as a user of its own
  const phones = await startPhones(dir);
  const product = await startProduct(binary, dir, phones.trunk).catch((error: unknown) => {
    phones.process.stdin?.end();
    throw error;
  });
  const { stdout } = await run(binary, ['status', '--data', dir, '--json']);
  const state = JSON.parse(stdout) as Record<string, string> & { logins: { password: string }[] };
  const found: World = {
    url: state.http ?? '',
    sip: state.sip ?? '',
    postgres: state.postgres ?? '',
    ari: state.ari ?? '',
    ariUser: state.ari_user ?? '',
    ariPassword: state.ari_password ?? '',
    password: state.logins[0]?.password ?? '',
    phones: phones.url,
    dir,
  };
  process.env.CENTRALITA_E2E = JSON.stringify(found);
  return async () => {
    try {
      await nothingLeft(found);
      await run(binary, ['ledger', 'check', '--data', dir]);
    } finally {
      phones.process.stdin?.end();
      await stop(product);
      rmSync(dir, { recursive: true, force: true });
    }
  };
}

async function startPhones(dir: string): Promise<{ process: ChildProcess; url: string; trunk: string }> {
  const binary = path.join(dir, 'phones');
  await run('go', ['build', '-o', binary, './internal/e2e/phones'], { cwd: root });
  const process = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: process.stdout })) {
    return { process, ...(JSON.parse(line) as { url: string; trunk: string }) };
  }
  throw new Error('the telephones said nothing');
}

async function startProduct(binary: string, dir: string, trunk: string): Promise<ChildProcess> {
  const first = 30_000 + (process.pid % 4000) * 5;
  const ports = ['http', 'sip', 'ari', 'postgres', 'twilio'].map((name, i) => `--${name}-port=${first + i}`);
  const log = path.join(dir, 'run.log');
  const out = openSync(log, 'w');
  const product = spawn(binary, ['run', '--data', dir, '--trunk', trunk, ...ports], { stdio: ['ignore', out, out] });
  // A run that is cut short takes the product along.
  process.once('exit', () => product.kill('SIGTERM'));
  process.once('SIGTERM', () => process.exit(143));
  const deadline = Date.now() + 180_000;
  for (;;) {
    const said = readFileSync(log, 'utf8');
    if (/^ready /mu.test(said)) return product;
    if (product.exitCode !== null || Date.now() > deadline) {
      await stop(product);
      throw new Error(`the product did not start:\n${said}`);
    }
    await new Promise((later) => setTimeout(later, 100));
  }
}

async function stop(product: ChildProcess): Promise<void> {
  if (product.exitCode !== null) return;
  const gone = new Promise((done) => product.once('exit', done));
  product.kill('SIGTERM');
  await gone;
}

/** Every call is over: the switch holds no channel and no bridge. */
async function nothingLeft({ ari, ariUser, ariPassword }: World): Promise<void> {
  const headers = { Authorization: `Basic ${Buffer.from(`${ariUser}:${ariPassword}`).toString('base64')}` };
  const left = async (what: string) =>
    ((await (await fetch(`${ari.replace(/\/$/u, '')}/${what}`, { headers })).json()) as unknown[]).length;
  const deadline = Date.now() + 10_000;
  for (;;) {
    const [channels, bridges] = [await left('channels'), await left('bridges')];
    if (channels + bridges === 0) return;
    if (Date.now() > deadline) throw new Error(`${channels} channels and ${bridges} bridges are left`);
    await new Promise((later) => setTimeout(later, 200));
  }
}
