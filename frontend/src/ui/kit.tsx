import { Button, Skeleton } from '@mantine/core';
import { CloudOff, Phone, RotateCw, type LucideIcon } from 'lucide-react';
import { createContext, useContext, type CSSProperties, type ReactNode } from 'react';
import { initials } from '@/lib/format';
import { useT } from '@/lib/i18n';
import css from './ui.module.css';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent';

/** A state: always an icon and a word, the colour only helps. */
export function Badge(props: {
  tone?: Tone;
  icon?: LucideIcon;
  children: ReactNode;
  plain?: boolean;
  testId?: string;
  state?: string;
}) {
  const Icon = props.icon;
  return (
    <span
      className={css.badge}
      data-tone={props.tone ?? 'plain'}
      data-plain={props.plain || undefined}
      data-testid={props.testId}
      data-state={props.state}
    >
      {Icon && <Icon size={12} strokeWidth={2.25} aria-hidden />}
      {props.children}
    </span>
  );
}

export function Page(props: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  testId?: string;
}) {
  return (
    <section className={css.page} data-testid={props.testId}>
      <header className={css.pageHead}>
        <h1>{props.title}</h1>
        <div className="row grow">{props.lead}</div>
        {props.actions}
      </header>
      <div className={css.pageBody} tabIndex={-1}>
        {props.children}
      </div>
    </section>
  );
}

/** What stands where rows would: why there are none, and one thing to do. */
export function Empty(props: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  small?: boolean;
  testId?: string;
}) {
  const Icon = props.icon;
  return (
    <div className={css.notice} data-small={props.small || undefined} data-testid={props.testId ?? 'empty'}>
      <div className={css.noticeIcon}>
        <Icon size={20} strokeWidth={1.75} aria-hidden />
      </div>
      <h2>{props.title}</h2>
      {props.children && <p>{props.children}</p>}
      {props.action}
    </div>
  );
}

export function Failed(props: { text: string; retry: () => void; small?: boolean }) {
  const t = useT();
  return (
    <div className={css.notice} data-tone="bad" data-small={props.small || undefined} role="alert" data-testid="failed">
      <div className={css.noticeIcon}>
        <CloudOff size={20} strokeWidth={1.75} aria-hidden />
      </div>
      <h2>{t('state.failed')}</h2>
      <p>{props.text}</p>
      <Button variant="default" leftSection={<RotateCw size={14} aria-hidden />} onClick={props.retry}>
        {t('action.retry')}
      </Button>
    </div>
  );
}

export function SkeletonRows(props: { rows?: number; height?: number }) {
  const t = useT();
  const widths = ['32%', '24%', '40%', '28%', '36%'];
  return (
    <div role="status" aria-label={t('state.loading')} data-testid="loading">
      {Array.from({ length: props.rows ?? 8 }, (_, index) => (
        <div className={css.skeletonRow} key={index} style={props.height ? { height: props.height } : undefined}>
          <Skeleton height={10} width={widths[index % widths.length]} />
          <Skeleton height={10} width="14%" />
          <Skeleton height={10} width="10%" ml="auto" />
        </div>
      ))}
    </div>
  );
}

export interface DialTarget {
  number: string;
  clientId?: number | null;
  leadId?: number | null;
  /** The contact point to call when its number is not shown. */
  pointId?: number | undefined;
}

/** How a number gets dialled is decided far above the lists that show it. */
export const DialContext = createContext<((target: DialTarget) => void) | null>(null);

/** A telephone number: every one of them dials, by click and by keyboard; in a grid, whose keys are its own, by click. */
export function PhoneNumber(
  props: DialTarget & { text?: string; dialable?: boolean; strong?: boolean; untabbed?: boolean },
) {
  const dial = useContext(DialContext);
  const t = useT();
  const text = props.text || props.number;
  if (!text) return <span className="soft">{t('number.withheld')}</span>;
  const reachable = !props.number.includes('•') || props.pointId !== undefined || Boolean(props.leadId);
  const can = dial !== null && props.dialable !== false && props.number !== '' && reachable;
  return (
    <button
      type="button"
      className={css.phone}
      disabled={!can}
      tabIndex={props.untabbed ? -1 : undefined}
      title={can ? t('action.dial_number', { number: text }) : undefined}
      aria-label={can ? t('action.dial_number', { number: text }) : undefined}
      data-testid="dial-number"
      data-number={props.number}
      style={props.strong ? { fontWeight: 600 } : undefined}
      onClick={(event) => {
        event.stopPropagation();
        dial?.(props);
      }}
    >
      {text}
      <Phone size={12} aria-hidden />
    </button>
  );
}

export function Avatar(props: { name: string; size?: number; square?: boolean }) {
  const size = props.size ?? 28;
  return (
    <span
      className={css.avatar}
      data-square={props.square || undefined}
      style={{ width: size, height: size, fontSize: Math.round(size * 0.38) }}
      aria-hidden
    >
      {initials(props.name) || '?'}
    </span>
  );
}

/** The colours a line can have; none of them is a state's colour. */
export const lineColors: Record<string, string> = {
  blue: '#3b76d6',
  violet: '#7a5bd0',
  teal: '#168b8b',
  pink: '#c2568f',
  orange: '#c96a2b',
  cyan: '#2389ad',
  lime: '#7a8f1e',
  brown: '#8d6a4f',
  gray: '#7a7a86',
};

export function LineTag(props: { name: string; color?: string | null }) {
  const color = lineColors[props.color ?? ''] ?? lineColors.gray;
  return (
    <span className={css.lineTag} style={{ '--line-color': color } as CSSProperties}>
      <span className="truncate">{props.name}</span>
    </span>
  );
}

export function Section(props: { title: ReactNode; actions?: ReactNode; children: ReactNode; testId?: string }) {
  return (
    <section className={css.section} data-testid={props.testId}>
      <header className={css.sectionHead}>
        <h2>{props.title}</h2>
        {props.actions}
      </header>
      {props.children}
    </section>
  );
}

export function Kbd(props: { keys: string }) {
  return (
    <span className="row" style={{ gap: 3, display: 'inline-flex' }}>
      {props.keys.split(' ').map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}
