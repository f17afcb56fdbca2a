import { useQuery } from '@tanstack/react-query';
import { Check, X } from 'lucide-react';
import { useErrorText } from '@/api/react';
import { whyQuery, type Explanation } from '@/api/worklist';
import type { FieldInfo, FilterNode } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { SkeletonRows } from '@/ui/kit';
import css from './clientlist.module.css';
import { listOf, type Words } from './words';

type Ground = Explanation['reasons'][number];

interface Happened {
  count: number;
  last: string | null;
}

/** Each condition, whether a client meets it, and what he has there. */
export function Why(props: { clientId: number; filter: FilterNode; fields: FieldInfo[]; words: Words }) {
  const { fields, words } = props;
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(whyQuery(props.clientId, props.filter));
  const has = useHas(words);
  if (query.isPending) return <SkeletonRows rows={2} height={28} />;
  if (query.isError) return <p className={css.bad}>{errorText(query.error)}</p>;
  return (
    <ul className={css.reasons} data-testid="why">
      {query.data.reasons.map((ground, index) => {
        const info = fields.find((field) => field.key === ground.field);
        const Icon = ground.holds ? Check : X;
        return (
          <li key={index} data-holds={ground.holds} data-testid="why-reason">
            <Icon size={14} aria-label={ground.holds ? t('segment.holds') : t('segment.fails')} />
            <span>{words.text(fields, ground)}</span>
            <span className="whisper">{info ? has(info, ground) : ''}</span>
          </li>
        );
      })}
    </ul>
  );
}

function useHas(words: Words): (info: FieldInfo, ground: Ground) => string {
  const t = useT();
  const format = useFormat();
  const one = (info: FieldInfo, value: unknown): string => {
    if (typeof value === 'boolean') return t(value ? 'filter.op.yes' : 'filter.op.no');
    if (info.type === 'date' && !Number.isNaN(Date.parse(String(value)))) return format.exact(String(value));
    if (info.type === 'choice') return words.choice(info, String(value));
    return words.options(info)?.find((option) => option.value === String(value))?.label ?? String(value);
  };
  return (info, ground) => {
    const value = ground.has;
    if (info.type === 'events') {
      const { count, last } = (value ?? { count: 0, last: null }) as Happened;
      const often = t('segment.why.has', { value: t('filter.times', { n: count }) });
      return last ? `${often}, ${t('segment.why.last', { at: format.exact(last) })}` : often;
    }
    const values = listOf(value);
    if (values.length === 0 || values[0] === '') return t('segment.why.none');
    return t('segment.why.has', { value: values.map((each) => one(info, each)).join(', ') });
  };
}
