// Signs in at the product in a real browser and tells, on standard output, when
// each pop had been painted: "painted CALL MILLISECONDS", by the machine's clock.
// It runs in the directory of the app, whose browser driver it uses.
import { chromium } from 'playwright-core';

const { BASE, LOGIN, PASSWORD, BROWSER } = process.env;

const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
await page.exposeFunction('tell', (line) => console.log(line));
await page.addInitScript(() => {
  const told = new Set();
  const look = () => {
    const card = document.querySelector('[data-testid="ring-card"]');
    const call = card?.dataset.callId;
    if (!call || told.has(call) || !card.querySelector('[data-testid="ring-number"]')) return;
    told.add(call);
    // The second frame begins when the first one, with the card in it, is on the screen.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => window.tell(`painted ${call} ${performance.timeOrigin + performance.now()}`)),
    );
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
});
await page.goto(BASE);
await page.getByTestId('login').fill(LOGIN);
await page.getByTestId('password').fill(PASSWORD);
await page.getByTestId('login-submit').click();
await page.getByTestId('shell').waitFor();
console.log('ready');
