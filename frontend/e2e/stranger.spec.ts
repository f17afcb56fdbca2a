import { expect, lines, test } from './desk';

test('an unknown caller becomes a client from the ring card', async ({ sit, phones }) => {
  const carmen = await sit('carmen');
  await carmen.available();
  const number = '+34655010203';
  const call = await phones.call({ from: number, to: lines.sales, name: 'Bruno Salas', tone: 440 });
  await expect(carmen.ring).toBeVisible();
  await expect(carmen.id('ring-name')).toHaveText('Bruno Salas');
  await expect(carmen.id('ring-candidate')).toHaveCount(0);
  await carmen.id('accept').click();
  await carmen.talking();

  await carmen.id('call-create-client').click();
  await expect(carmen.id('client-name')).toHaveValue('Bruno Salas');
  await expect(carmen.id('client-point')).toHaveValue(number);
  await carmen.id('client-name').fill('Bruno Salas Ríos');
  await carmen.id('save-client').click();
  await expect(carmen.id('client-card-name')).toHaveText('Bruno Salas Ríos');
  await expect(carmen.id('call-client')).toHaveText('Bruno Salas Ríos');
  await expect(carmen.id('client-lead').first()).toBeVisible();
  await expect(carmen.page.locator('[data-testid=timeline-entry][data-kind=call]')).toHaveCount(1);

  await carmen.conversed();
  await call.hangUp();
  await expect(carmen.id('finished-card')).toHaveAttribute('data-outcome', 'answered');
  await carmen.available();

  const again = await phones.call({ from: '0034655010203', to: lines.sales });
  await expect(carmen.id('ring-name')).toHaveText('Bruno Salas Ríos');
  await again.hangUp();
  await expect(carmen.id('ring-withdrawn').first()).toHaveAttribute('data-reason', 'caller_gave_up');
  await expect(carmen.ring).toBeHidden();
});
