import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import css from './exchange.module.css';

export const verdictNames = ['created', 'updated', 'skipped', 'failed'] as const;
const tones = { created: 'good', updated: 'plain', skipped: 'warn', failed: 'bad' } as const;

/** How many rows had which end; each tile shows its rows. */
export function Tiles(props: {
  counts: Record<(typeof verdictNames)[number], number>;
  chosen: string;
  onChoose(verdict: string): void;
  foreseen?: boolean;
}) {
  const t = useT();
  const format = useFormat();
  return (
    <div className={css.tiles} role="group" aria-label={t('import.verdicts')}>
      {verdictNames.map((name) => (
        <button
          key={name}
          type="button"
          className={css.tile}
          data-tone={props.counts[name] > 0 ? tones[name] : undefined}
          aria-pressed={props.chosen === name}
          onClick={() => props.onChoose(props.chosen === name ? '' : name)}
          data-testid={`count-${name}`}
          data-count={props.counts[name]}
        >
          <b>{format.number(props.counts[name])}</b>
          {props.foreseen ? t(`import.will_be.${name}`) : t(`import.was.${name}`)}
        </button>
      ))}
    </div>
  );
}
