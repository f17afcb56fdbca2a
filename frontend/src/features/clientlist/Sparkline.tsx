import css from './clientlist.module.css';

const height = 22;

/** How a number went, day by day; the words say it to who cannot see it. */
export function Sparkline(props: { values: number[]; label: string; width?: number }) {
  const { values, width = 72 } = props;
  if (values.length < 2) return null;
  const least = Math.min(...values);
  const span = Math.max(...values) - least || 1;
  const points = values.map((value, index) => {
    const x = 1 + (index / (values.length - 1)) * (width - 2);
    const y = height - 3 - ((value - least) / span) * (height - 6);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      width={width}
      height={height}
      role="img"
      aria-label={props.label}
      className={css.spark}
      data-testid="sparkline"
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
