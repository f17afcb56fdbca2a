import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useIntl } from 'react-intl';
import { sourcesQuery, tagsQuery } from '@/api/cards';
import { dictionariesQuery } from '@/api/fields';
import { linesQuery } from '@/api/lines';
import { usersQuery } from '@/api/session';
import type { FieldInfo } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { isGroup, type Group, type Leaf } from './model';

/** Operators that compare with nothing. */
export const bare = ['empty', 'filled', 'yes', 'no'];
/** Operators that count days from today. */
export const spans = ['last', 'not_last', 'next'];

export interface Option {
  value: string;
  label: string;
}

export interface Counted {
  count?: number;
  days?: number;
  kind?: string;
}

/** A list of values, whatever form it came in. */
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value == null ? [] : [value]);

/** Everything that conditions are told in. */
export function useWords() {
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const intl = useIntl();
  const users = useQuery(usersQuery).data;
  const lines = useQuery(linesQuery).data;
  const dictionaries = useQuery(dictionariesQuery).data;
  const tags = useQuery(tagsQuery).data;
  const sources = useQuery(sourcesQuery).data;
  return useMemo(() => {
    const field = (info: FieldInfo | undefined, key = '') => info?.label || code('export.column', info?.key ?? key);
    const op = (name: string) => code('filter.op', name);
    const choice = (info: FieldInfo, word: string) => {
      if (info.key === 'language') return format.language(word);
      if (info.key === 'kind') return word === 'organisation' ? t('client.organisation') : t('client.person');
      if (info.key === 'lead_class') return code('lead.class', word);
      return code('filter.choice', word);
    };
    const kind = (info: FieldInfo, word: string) => {
      if (info.key === 'lead_closed') return code('closing', word);
      if (info.key === 'messages') return code('filter.kind', word);
      if (info.key === 'contacts') return code('filter.kind', word);
      return word === 'in' || word === 'out' ? code('filter.kind', word) : code('outcome', word);
    };
    const people: Option[] = [
      { value: 'me', label: t('filter.me') },
      ...(users ?? []).map((user) => ({ value: String(user.id), label: user.name })),
    ];
    /** What a value can be chosen from; null where it is typed. */
    const options = (info: FieldInfo): Option[] | null => {
      if (info.type === 'choice') return info.choices.map((word) => ({ value: word, label: choice(info, word) }));
      if (info.type === 'user') return people;
      const named = info.of === 'tag' ? tags : info.of === 'source' ? sources : null;
      if (named) return named.map((each) => ({ value: String(each.id), label: each.name }));
      if (info.of === 'line') return (lines ?? []).map((line) => ({ value: String(line.id), label: line.name }));
      if (info.of.startsWith('dictionary:')) {
        const dictionary = dictionaries?.find((each) => `dictionary:${each.id}` === info.of);
        return (dictionary?.terms ?? []).map((term) => ({ value: String(term.id), label: term.label }));
      }
      return null;
    };
    const day = (value: unknown) =>
      intl.formatDate(`${String(value)}T00:00:00Z`, { dateStyle: 'medium', timeZone: 'UTC' } as never);
    const value = (info: FieldInfo, leaf: Leaf): string => {
      const given = leaf.value;
      if (bare.includes(leaf.op)) return '';
      if (spans.includes(leaf.op)) return t('filter.days', { n: Number(given) || 0 });
      if (info.type === 'events') {
        const { count = 1, days, kind: sort } = (given ?? {}) as Counted;
        const what = sort ? kind(info, sort) : '';
        return [t('filter.times', { n: count }), what, days ? t('filter.within', { n: days }) : '']
          .filter(Boolean)
          .join(', ');
      }
      if (info.type === 'date' || info.type === 'day') return listOf(given).map(day).join(' – ');
      const known = options(info);
      if (known) {
        return listOf(given)
          .map((each) => known.find((option) => option.value === String(each))?.label ?? String(each))
          .join(', ');
      }
      return listOf(given).map(String).join(' – ');
    };
    const leaf = (known: FieldInfo[], each: Leaf) => {
      const info = known.find((one) => one.key === each.field);
      return { field: field(info, each.field), op: op(each.op), value: info ? value(info, each) : '' };
    };
    const text = (known: FieldInfo[], item: Leaf | Group): string => {
      if (!isGroup(item)) {
        const words = leaf(known, item);
        return [words.field, words.op, words.value].filter(Boolean).join(' ');
      }
      const inner = item.leaves.map((each) => text(known, each));
      if (item.mode === 'none') return t('filter.none_of', { list: inner.join('; ') });
      return inner.join(item.mode === 'any' ? ` ${t('filter.or')} ` : ` ${t('filter.and')} `);
    };
    return { field, op, choice, kind, options, leaf, text, value };
  }, [t, code, format, intl, users, lines, dictionaries, tags, sources]);
}

export type Words = ReturnType<typeof useWords>;
