import { Desk, expect, test } from './desk';
import { world } from './world';

test('a person signs in at the door and can be called', async ({ page }) => {
  await page.goto(world().url);
  const desk = new Desk(page, 'carmen');
  await desk.id('login').fill('carmen');
  await desk.id('password').fill('not the password');
  await desk.id('login-submit').click();
  await expect(desk.id('login-error')).toHaveAttribute('data-code', 'bad_credentials');
  await desk.id('password').fill(world().password);
  await desk.id('login-submit').click();
  await desk.available();
  await expect(desk.id('network')).toHaveAttribute('data-state', 'connected');
  await expect(desk.id('board-live')).toHaveAttribute('data-state', 'live');
  await expect(desk.id('balance')).toHaveAttribute('data-difference', '0');

  await desk.id('nav-profile').click();
  await desk.id('sign-out').click();
  await expect(desk.id('login-form')).toBeVisible();
});
