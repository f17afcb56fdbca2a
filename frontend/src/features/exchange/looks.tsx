import { Ban, Check, CircleDashed, Clock, Loader, Pause, TriangleAlert, Undo2, type LucideIcon } from 'lucide-react';
import type { Import } from '@/api/types';
import { useCode } from '@/lib/i18n';
import { Badge, type Tone } from '@/ui/kit';
import css from './exchange.module.css';

const looks: Record<string, { icon: LucideIcon; tone: Tone }> = {
  draft: { icon: CircleDashed, tone: 'plain' },
  checking: { icon: Loader, tone: 'accent' },
  running: { icon: Loader, tone: 'accent' },
  undoing: { icon: Loader, tone: 'accent' },
  queued: { icon: Clock, tone: 'plain' },
  waiting: { icon: Clock, tone: 'warn' },
  paused: { icon: Pause, tone: 'warn' },
  done: { icon: Check, tone: 'good' },
  ready: { icon: Check, tone: 'good' },
  cancelled: { icon: Ban, tone: 'plain' },
  refused: { icon: Ban, tone: 'bad' },
  expired: { icon: Clock, tone: 'plain' },
  failed: { icon: TriangleAlert, tone: 'bad' },
  undone: { icon: Undo2, tone: 'plain' },
};

/** Where an import or an export stands. */
export function StateBadge(props: { of: 'import' | 'export'; state: string }) {
  const code = useCode();
  const { icon, tone } = looks[props.state] ?? { icon: CircleDashed, tone: 'plain' as Tone };
  return (
    <Badge tone={tone} icon={icon} state={props.state} testId={`${props.of}-state`}>
      {props.of === 'import' ? code('import.state', props.state) : code('export.state', props.state)}
    </Badge>
  );
}

export const atWork = (state: Import['state']) => state === 'checking' || state === 'running' || state === 'undoing';

/** How much of it is done, 0 to 100. */
export function percentOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.floor((part / whole) * 100)) : 0;
}

export function Meter(props: { label: string; percent: number }) {
  return (
    <div
      className={css.meter}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={props.percent}
      data-testid="meter"
    >
      <div style={{ width: `${props.percent}%` }} />
    </div>
  );
}
