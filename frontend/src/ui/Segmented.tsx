import type { LucideIcon } from 'lucide-react';
import css from './segmented.module.css';

export interface Segment<V extends string> {
  value: V;
  label: string;
  icon?: LucideIcon;
  disabled?: boolean;
  testId?: string;
}

/** A few choices side by side, one of them taken. */
export function Segmented<V extends string>(props: {
  label: string;
  value: V;
  onChange(value: V): void;
  data: Segment<V>[];
}) {
  return (
    <div className={css.group} role="group" aria-label={props.label}>
      {props.data.map((each) => {
        const Icon = each.icon;
        return (
          <button
            key={each.value}
            type="button"
            aria-pressed={each.value === props.value}
            disabled={each.disabled}
            onClick={() => props.onChange(each.value)}
            data-testid={each.testId}
          >
            {Icon && <Icon size={14} aria-hidden />}
            {each.label}
          </button>
        );
      })}
    </div>
  );
}
