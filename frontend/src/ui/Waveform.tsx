import { useEffect, useRef } from 'react';
import { clockText } from '@/lib/format';
import { useT } from '@/lib/i18n';
import css from './ui.module.css';

const height = 56;

function columns(peaks: number[], count: number): number[] {
  if (peaks.length === 0) return Array.from({ length: count }, () => 0);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((index + 1) * peaks.length) / count));
    return Math.max(...peaks.slice(from, to));
  });
}

function paint(canvas: HTMLCanvasElement, client: number[], agent: number[], progress: number): void {
  const width = canvas.clientWidth;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext('2d');
  if (!context || width === 0) return;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const step = 3;
  const count = Math.floor(width / step);
  const middle = height / 2;
  const rows: [number[], string, number][] = [
    [columns(client, count), style.getPropertyValue('--c-channel-client'), -1],
    [columns(agent, count), style.getPropertyValue('--c-channel-agent'), 1],
  ];
  for (const [values, color, side] of rows) {
    context.fillStyle = color;
    for (const [index, value] of values.entries()) {
      const size = Math.max(1, (value / 100) * (middle - 3));
      context.globalAlpha = index / count <= progress ? 1 : 0.38;
      context.fillRect(index * step, side < 0 ? middle - 1 - size : middle + 1, 2, size);
    }
  }
  context.globalAlpha = 1;
}

/** Two channels around a middle line: the client above, the agent below. */
export function Waveform(props: {
  client: number[];
  agent: number[];
  /** 0..1 of the recording. */
  progress: number;
  durationS: number;
  onSeek(progress: number): void;
}) {
  const t = useT();
  const ref = useRef<HTMLCanvasElement>(null);
  const { client, agent, progress } = props;
  useEffect(() => {
    const canvas = ref.current;
    if (!canvas) return;
    const draw = () => paint(canvas, client, agent, progress);
    draw();
    const resized = new ResizeObserver(draw);
    resized.observe(canvas);
    const scheme = new MutationObserver(draw);
    scheme.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
    return () => {
      resized.disconnect();
      scheme.disconnect();
    };
  }, [client, agent, progress]);
  const seek = (clientX: number) => {
    const box = ref.current?.getBoundingClientRect();
    if (box && box.width > 0) props.onSeek(Math.min(1, Math.max(0, (clientX - box.left) / box.width)));
  };
  return (
    <canvas
      ref={ref}
      className={css.wave}
      style={{ height }}
      role="slider"
      tabIndex={0}
      aria-label={t('recording.position')}
      aria-valuemin={0}
      aria-valuemax={Math.round(props.durationS)}
      aria-valuenow={Math.round(progress * props.durationS)}
      aria-valuetext={clockText(progress * props.durationS)}
      data-testid="waveform"
      onPointerDown={(event) => seek(event.clientX)}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -5, ArrowRight: 5, PageDown: -30, PageUp: 30 }[event.key];
        if (step === undefined || props.durationS <= 0) return;
        event.preventDefault();
        props.onSeek(Math.min(1, Math.max(0, progress + step / props.durationS)));
      }}
    />
  );
}
