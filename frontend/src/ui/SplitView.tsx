import type { ReactNode } from 'react';
import css from './split.module.css';

export interface SplitItem {
  id: number;
  title: string;
  note?: string;
  mark?: ReactNode;
  testId: string;
}

/** A list on the left, one of its things on the right. */
export function SplitView(props: {
  label: string;
  items: SplitItem[];
  chosen: number | 'new' | null;
  onChoose(id: number): void;
  add: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={css.split}>
      <nav className={css.list} aria-label={props.label}>
        {props.add && <div className={css.add}>{props.add}</div>}
        {props.items.map((item) => (
          <button
            key={item.id}
            type="button"
            aria-current={props.chosen === item.id || undefined}
            onClick={() => props.onChoose(item.id)}
            data-testid={item.testId}
            data-id={item.id}
          >
            <span className="grow">
              <span className="strong truncate">{item.title}</span>
              {item.note && <span className="whisper truncate">{item.note}</span>}
            </span>
            {item.mark}
          </button>
        ))}
      </nav>
      <div className={css.detail}>{props.children}</div>
    </div>
  );
}
