import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { Card } from '@/api/types';
import { useT } from '@/lib/i18n';
import type { CardSlots, CardTab } from './ClientCard';
import css from './client.module.css';
import { Composer } from './Composer';
import { People } from './People';
import { LatestEntries, Timeline } from './Timeline';

const overview = 'overview';

interface Part extends CardTab {
  count?: number;
}

/** The parts of a card. Which one is open stands in the address. */
export function CardTabs(props: { card: Card; slots: CardSlots; tab: string; onTab(key: string): void }) {
  const { card, slots, onTab } = props;
  const { client } = card;
  const t = useT();
  const own = slots.useTabs(client, onTab);
  const parts: Part[] = [
    { key: overview, title: t('client.overview'), render: () => null },
    {
      key: 'timeline',
      title: t('timeline.title'),
      render: () => <Timeline clientId={client.id} recording={slots.recording} />,
    },
    {
      key: 'leads',
      title: t('nav.leads'),
      count: card.counts.leads,
      render: () => <div className={css.tabBody}>{slots.leads(client)}</div>,
    },
    { key: 'files', title: t('client.tab.files'), count: card.counts.files, render: () => slots.files(client) },
    {
      key: 'people',
      title: t('client.tab.people'),
      count: card.relations.length + card.people.length,
      render: () => <People card={card} />,
    },
    { key: 'history', title: t('client.tab.history'), render: () => slots.history(client) },
    ...own,
  ];
  const active = parts.find((part) => part.key === props.tab) ?? parts[0];
  const shown = active?.key ?? overview;
  return (
    <div className={css.middle}>
      <TabList parts={parts} shown={shown} onTab={onTab} />
      <div
        className={css.panel}
        role="tabpanel"
        id="card-panel-overview"
        aria-labelledby="card-tab-overview"
        hidden={shown !== overview}
      >
        <Composer client={client} slots={slots} />
        <LatestEntries clientId={client.id} recording={slots.recording} onAll={() => onTab('timeline')} />
      </div>
      {active && shown !== overview && (
        <div
          key={shown}
          className={css.panel}
          role="tabpanel"
          id={`card-panel-${shown}`}
          aria-labelledby={`card-tab-${shown}`}
        >
          {active.render()}
        </div>
      )}
    </div>
  );
}

function TabList(props: { parts: Part[]; shown: string; onTab(key: string): void }) {
  const { parts, shown, onTab } = props;
  const t = useT();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [shown, parts.length]);
  const move = (event: KeyboardEvent) => {
    const at = parts.findIndex((part) => part.key === shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: parts.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = parts[(to + parts.length) % parts.length];
    if (!next) return;
    onTab(next.key);
    list.current?.querySelector<HTMLElement>(`#card-tab-${next.key}`)?.focus();
  };
  return (
    <div ref={list} className={css.parts} role="tablist" aria-label={t('client.parts')} onKeyDown={move}>
      {parts.map((part) => (
        <button
          key={part.key}
          id={`card-tab-${part.key}`}
          type="button"
          role="tab"
          aria-selected={part.key === shown}
          aria-controls={part.key === shown ? `card-panel-${part.key}` : undefined}
          tabIndex={part.key === shown ? 0 : -1}
          onClick={() => onTab(part.key)}
          data-testid={`card-tab-${part.key}`}
        >
          {part.title}
          {part.count ? <span className={css.count}>{part.count}</span> : null}
        </button>
      ))}
    </div>
  );
}
