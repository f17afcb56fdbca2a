// Proves the translations: every key in every language, the same arguments,
// the plural forms that the language has, and no key that nothing uses.
import { parse, TYPE } from '@formatjs/icu-messageformat-parser';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const folder = new URL('../src', import.meta.url).pathname;
const plurals = { en: ['one', 'other'], es: ['one', 'many', 'other'], ru: ['one', 'few', 'many', 'other'] };
const problems = [];

function sources(dir) {
  return readdirSync(dir).flatMap((name) => {
    const file = path.join(dir, name);
    if (statSync(file).isDirectory()) return sources(file);
    return /\.tsx?$/.test(name) && !/\.test\.|schema\.d\.ts$/.test(name) ? [readFileSync(file, 'utf8')] : [];
  });
}

function walk(elements, visit) {
  for (const element of elements) {
    visit(element);
    if (element.options) for (const option of Object.values(element.options)) walk(option.value, visit);
    if (element.children) walk(element.children, visit);
  }
}

function shape(locale, key, text) {
  const names = new Set();
  let elements = [];
  try {
    elements = parse(text);
  } catch (error) {
    problems.push(`${locale} ${key}: ${error.message}`);
  }
  walk(elements, (element) => {
    if (element.type !== TYPE.literal && element.type !== TYPE.pound) names.add(element.value);
    if (element.type === TYPE.plural) {
      const missing = plurals[locale].filter((form) => !(form in element.options));
      if (missing.length > 0) problems.push(`${locale} ${key}: no plural form ${missing.join(', ')}`);
    }
  });
  return [...names].sort().join(',');
}

const messages = Object.fromEntries(
  Object.keys(plurals).map((locale) => [
    locale,
    JSON.parse(readFileSync(path.join(folder, 'lib/messages', `${locale}.json`), 'utf8')),
  ]),
);
const keys = new Set(Object.values(messages).flatMap((each) => Object.keys(each)));
const code = sources(folder).join('\n');

// A key is used when it is written out, when it begins like a template that is
// written out, or when `code('prefix', …)` looks words of its prefix up.
const prefixes = [...code.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map((match) => match[1]);
prefixes.push(...[...code.matchAll(/\bcode\(\s*'([a-z_.]+)'/g)].map((match) => `${match[1]}.`));

for (const key of keys) {
  const shapes = new Set();
  for (const [locale, all] of Object.entries(messages)) {
    if (all[key] === undefined) problems.push(`${locale} ${key}: missing`);
    else if (all[key].trim() === '') problems.push(`${locale} ${key}: empty`);
    else shapes.add(shape(locale, key, all[key]));
  }
  if (shapes.size > 1) problems.push(`${key}: its arguments differ between languages`);
  const written = code.includes(`'${key}'`) || prefixes.some((prefix) => key.startsWith(prefix));
  if (!written) problems.push(`${key}: nothing uses it`);
}

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? `${keys.size} messages, complete in ${Object.keys(messages).join(', ')}` : '');
process.exit(problems.length === 0 ? 0 : 1);
