import { readFileSync } from 'node:fs';
import { expect, rows, test } from './desk';

/** The letters of windows-1251, for a file as an old Excel writes it. */
function windows1251(text: string): Buffer {
  return Buffer.from(
    [...text].map((letter) => {
      const code = letter.charCodeAt(0);
      if (code >= 0x410 && code <= 0x44f) return code - 0x410 + 0xc0;
      if (letter === 'ё') return 0xb8;
      if (letter === 'Ё') return 0xa8;
      return code;
    }),
  );
}

const list = [
  'ФИО;Телефон;Почта;Заметка',
  'Пётр Импортов;8 (916) 555-01-01;petr.importov@example.com;из старой базы',
  'Ольга Импортова;+7 916 555 01 02;;',
  'Цифры Потеряны;8,9165E+10;;',
  ';+7 916 555 01 04;;',
  'Ольга Импортова;8 916 555-01-02;olga@example.com;',
].join('\r\n');

test('a list in windows-1251 is read, checked, brought in, and its bad rows come back', async ({ sit }) => {
  const admin = await sit('admin', '/clients');
  await admin.id('exchange-menu').click();
  await admin.id('open-imports').click();
  await admin.id('import-file').setInputFiles({
    name: 'клиенты.csv',
    mimeType: 'text/csv',
    buffer: windows1251(list),
  });
  await expect(admin.id('import-wizard')).toHaveAttribute('data-step', 'format');
  await expect(admin.id('import-preview')).toContainText('Пётр Импортов');
  await expect(admin.id('import-encoding')).toHaveValue('WINDOWS-1251');
  await admin.page.reload();
  await expect(admin.id('import-preview')).toContainText('Ольга Импортова');

  await admin.id('import-next').click();
  await expect(admin.id('column-0')).toHaveValue('Name');
  await expect(admin.id('column-1')).toHaveValue('Phone');
  await admin.id('import-next').click();
  await admin.id('import-country').fill('Russia');
  await admin.page.getByRole('option', { name: 'Russia' }).click();
  await admin.id('import-next').click();

  await expect(admin.id('import-report')).toBeVisible();
  await expect(admin.id('count-created')).toHaveAttribute('data-count', '2');
  await expect(admin.id('count-updated')).toHaveAttribute('data-count', '1');
  await expect(admin.id('count-failed')).toHaveAttribute('data-count', '2');
  expect(await rows(`select count(*) from clients where name like '%Импорт%'`)).toEqual(['0']);

  await admin.id('import-run').click();
  await expect(admin.id('import-state')).toHaveAttribute('data-state', 'done');
  await expect(admin.id('count-created')).toHaveAttribute('data-count', '2');
  expect(
    await rows(`select p.value from clients c join contact_points p on p.client_id = c.id
      where c.name like '%Импорт%' order by p.value`),
  ).toEqual(['+79165550101', '+79165550102', 'olga@example.com', 'petr.importov@example.com']);

  const waiting = admin.page.waitForEvent('download');
  await admin.id('download-failed').click();
  const file = readFileSync(await (await waiting).path(), 'utf8');
  expect(file).toContain('4;failed;number_lossy;phone;;Цифры Потеряны;"8,9165E+10"');
  expect(file.split('\r\n')).toHaveLength(4);

  await admin.id('import-undo').click();
  await admin.id('import-undo-sure').click();
  await expect(admin.id('import-state')).toHaveAttribute('data-state', 'undone');
  expect(await rows(`select count(*) from clients where name like '%Импорт%'`)).toEqual(['0']);
});

test('a large export leaves when a second person has said yes', async ({ sit }) => {
  await rows(`update export_settings set approval_rows = 20`);
  const elena = await sit('elena', '/clients');
  await elena.id('exchange-menu').click();
  await elena.id('open-export').click();
  await expect(elena.id('export-count')).toContainText('clients');
  await elena.id('export-reason').fill('the yearly letter');
  await elena.id('export-ask').click();
  const row = elena.id('export-row').first();
  await expect(row).toHaveAttribute('data-state', 'waiting');

  const admin = await sit('admin', '/exports?all=true');
  const asked = admin.id('export-row').first();
  await expect(asked).toContainText('the yearly letter');
  await asked.getByTestId('export-approve').click();
  await expect(row).toHaveAttribute('data-state', 'ready');
  await expect(admin.id('export-download')).toHaveCount(0);

  const waiting = elena.page.waitForEvent('download');
  await row.getByTestId('export-download').click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/^clients-\d{4}-\d\d-\d\d-\d+\.csv$/u);
  const lines = readFileSync(await download.path(), 'utf8').split('\r\n');
  const [total] = await rows(`select count(*) from clients`);
  expect(lines).toHaveLength(Number(total) + 3); // the head, the made-up client, and the end of the last line
  expect(
    await rows(
      `select count(*) from audit_entries where action in ('export.request', 'client.export', 'export.download')`,
    ),
  ).toEqual(['3']);
});
