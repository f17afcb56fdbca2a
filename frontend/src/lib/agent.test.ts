import { expect, it } from 'vitest';
import { deviceName } from './agent';

it('names browsers by what they say of themselves', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36';
  expect(deviceName(chrome)).toBe('Chrome · Linux');
  expect(deviceName(`${chrome} Edg/156.0`)).toBe('Edge · Linux');
  expect(
    deviceName('Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605 Version/26 Safari/604'),
  ).toBe('Safari · iOS');
  expect(deviceName('curl/8.5')).toBe('curl/8.5');
  expect(deviceName('')).toBe('—');
});
