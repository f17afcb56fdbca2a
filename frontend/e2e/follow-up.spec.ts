import { expect, lucia, test } from './desk';

test('an SMS from the card arrives, and a reminder stands for tomorrow at ten', async ({ sit }) => {
  const javier = await sit('javier', `/clients?q=${encodeURIComponent('600 11 12 22')}`);
  await javier.id('client-row').filter({ hasText: lucia.name }).getByTestId('client-link').click();
  await expect(javier.id('client-card-name')).toHaveText(lucia.name);

  const text = `Presupuesto listo ${Date.now()}`;
  await javier.id('tab-sms').click();
  await javier.id('sms-text').fill(text);
  await expect(javier.id('sms-segments')).toHaveAttribute('data-segments', '1');
  await javier.id('sms-send').click();
  const entry = javier.page.locator('[data-testid=timeline-entry][data-kind=sms]').filter({ hasText: text });
  await expect(entry).toBeVisible();
  await expect(entry.locator('[data-state=delivered]')).toBeVisible();

  await javier.id('tab-reminder').click();
  const wish = `Confirm the visit ${Date.now()}`;
  await javier.id('reminder-text').fill(wish);
  await javier.id('reminder-at-tomorrow').click();
  await expect(javier.id('reminder-at')).toHaveValue(/T10:00$/u);
  await javier.id('reminder-save').click();
  const reminder = javier.id('reminder-row').filter({ hasText: wish });
  await expect(reminder).toBeVisible();
  await expect(reminder).toContainText('10:00');

  await javier.id('nav-reminders').click();
  await expect(javier.id('reminder-row').filter({ hasText: wish })).toBeVisible();
  await javier.open('/messages/outbox');
  const phone = javier.id('outbox-entry').filter({ hasText: text });
  await expect(phone).toHaveAttribute('data-status', 'delivered');

  const answer = `Gracias ${Date.now()}`;
  await phone.getByTestId('outbox-reply').click();
  await javier.id('outbox-reply-text').fill(answer);
  await javier.id('outbox-reply-send').click();
  await javier.open('/messages');
  await expect(javier.id('message-row').filter({ hasText: answer })).toBeVisible();
});
