import { expect, it } from 'vitest';
import { exactNumber } from './looks';

it.each([
  ['1 234,5', '1234.5'],
  ['1.234,50', '1234.50'],
  ['1,234.50', '1234.50'],
  ['-12', '-12'],
  ['0,1', '0.1'],
  ['abc', 'abc'],
])('%s is taken as %s', (typed, exact) => expect(exactNumber(typed)).toBe(exact));
