import { CalendarDays, Coins, FileText, Hash, Link2, ListChecks, Sigma, Type, type LucideIcon } from 'lucide-react';
import { useMemo } from 'react';
import { useIntl } from 'react-intl';
import type { CustomField, FieldType, FieldValue } from '@/api/fields';

export const fieldTypes = [
  'text',
  'number',
  'money',
  'date',
  'choice',
  'reference',
  'file',
  'formula',
] as const satisfies FieldType[];

export const fieldIcons: Record<FieldType, LucideIcon> = {
  text: Type,
  number: Hash,
  money: Coins,
  date: CalendarDays,
  choice: ListChecks,
  reference: Link2,
  file: FileText,
  formula: Sigma,
};

/** The type of what a field holds: a formula's is that of its result. */
export function holds(field: CustomField): FieldType {
  if (field.type !== 'formula') return field.type;
  return field.result === 'number' && field.options.currency ? 'money' : ((field.result || 'text') as FieldType);
}

export function isNumeric(field: CustomField): boolean {
  return holds(field) === 'number' || holds(field) === 'money';
}

/** A value as it is read, in the reader's language. */
export function useShown(): (field: CustomField, value: FieldValue | undefined) => string {
  const intl = useIntl();
  return useMemo(
    () => (field, value) => {
      if (!value?.value) return '';
      if (value.label) return value.label;
      // The exact decimal goes to the formatter as text: nothing is rounded to a float on the way.
      const exact = value.value as unknown as number;
      const { decimals = 0, currency } = field.options;
      switch (holds(field)) {
        case 'money':
          return intl.formatNumber(exact, {
            style: 'currency',
            currency: currency || 'EUR',
            minimumFractionDigits: decimals,
            maximumFractionDigits: decimals,
          });
        case 'number':
          return intl.formatNumber(exact, { maximumFractionDigits: 6 });
        case 'date':
          return intl.formatDate(`${value.value}T00:00:00Z`, { dateStyle: 'medium', timeZone: 'UTC' } as never);
        default:
          return value.value;
      }
    },
    [intl],
  );
}

/** A number as people type it, in the form that the server takes. */
export function exactNumber(typed: string): string {
  let text = typed.replace(/[\s\u00a0\u202f'’]/gu, '');
  const comma = text.lastIndexOf(',');
  const point = text.lastIndexOf('.');
  if (comma >= 0 && point >= 0) text = text.replaceAll(comma > point ? '.' : ',', '');
  return text.replace(',', '.');
}
