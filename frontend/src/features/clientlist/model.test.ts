import { expect, it } from 'vitest';
import type { FieldInfo, FilterNode } from '@/api/types';
import { readColumns, readConditions, readNode, writeColumns, writeConditions } from './model';

const leaf = (field: string): FilterNode => ({ field, op: 'filled' });

it('a tree comes back as it went out, however it is grouped', () => {
  for (const tree of [
    { all: [leaf('a'), { any: [leaf('b'), leaf('c')] }] },
    { any: [leaf('a'), { none: [leaf('b')] }] },
    { all: [{ field: 'a', op: 'is', value: ['me', 3] }] },
  ] satisfies FilterNode[]) {
    const read = readConditions(readNode(JSON.parse(JSON.stringify(tree))));
    expect(read && writeConditions(read)).toEqual(tree);
  }
});

it('what is too deep is not shown as something else, and rubbish is left out', () => {
  expect(readConditions({ all: [{ any: [{ all: [leaf('a')] }] }] })).toBeNull();
  expect(readNode({ all: [leaf('a'), 7, null, { any: [] }], extra: 1 })).toEqual({ all: [leaf('a')] });
  expect(readNode('drop table')).toBeUndefined();
  expect(readConditions(undefined)?.items).toEqual([]);
});

it('columns keep their order and width, and the name is always there', () => {
  const known = ['name', 'phone', 'language', 'calls'].map(
    (key) => ({ key, column: key !== 'calls' }) as unknown as FieldInfo,
  );
  expect(writeColumns(readColumns('language:99,name,calls,phone,phone,nothing', known))).toBe('language:99,name,phone');
  expect(readColumns('phone', known).map((each) => each.key)).toEqual(['name', 'phone']);
  expect(readColumns('name:5', known)[0]?.width).toBe(64);
  expect(writeColumns(readColumns(undefined, known))).toBe('name,phone');
});
