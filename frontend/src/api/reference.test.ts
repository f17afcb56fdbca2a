import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { boundsText, entriesByTag, resolve, schemaOf, typeText, type Description } from './reference';

const description = JSON.parse(readFileSync('../docs/openapi.json', 'utf8')) as Description;

test('everything that can be asked is found, and words narrow it', () => {
  const all = entriesByTag(description, '').flatMap(([, entries]) => entries);
  const count = Object.values(description.paths).reduce((n, each) => n + Object.keys(each).length, 0);
  expect(all.length).toBe(count);
  const some = entriesByTag(description, 'post /clients').flatMap(([, entries]) => entries);
  expect(some.length).toBeGreaterThan(0);
  expect(some.every((each) => each.method === 'post' && each.path.includes('/clients'))).toBe(true);
  expect(entriesByTag(description, 'no such thing at all')).toEqual([]);
});

test('every reference leads somewhere', () => {
  for (const [, entries] of entriesByTag(description, '')) {
    for (const { operation } of entries) {
      const answers = Object.values(operation.responses ?? {}).map((each) => schemaOf(each.content));
      for (const schema of [schemaOf(operation.requestBody?.content), ...answers]) {
        if (!schema) continue;
        expect(resolve(description, schema).schema.$ref).toBeUndefined();
        expect(typeText(description, schema)).not.toBe('');
      }
    }
  }
});

test('types and bounds in a few words', () => {
  expect(typeText(description, { type: 'string', format: 'date-time' })).toBe('string (date-time)');
  expect(typeText(description, { type: 'array', items: { type: 'integer' } })).toBe('integer[]');
  expect(boundsText({ minLength: 1, maxLength: 60, enum: ['a', 'b'], default: 'a' })).toBe(
    '1…60 chars · "a" | "b" · = "a"',
  );
});
