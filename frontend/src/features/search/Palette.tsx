import { Modal } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import {
  Building2,
  CornerDownLeft,
  Phone,
  Pin,
  Search,
  Ticket,
  UserPlus,
  UserRound,
  type LucideIcon,
} from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { atHandQuery } from '@/api/cards';
import { searchQuery } from '@/api/clients';
import { useT } from '@/lib/i18n';
import { looksLikeNumber } from '@/lib/phone';
import { Kbd } from '@/ui/kit';
import css from './search.module.css';

export interface PaletteAction {
  id: string;
  label: string;
  icon: LucideIcon;
  keys?: string;
  run(): void;
}

export interface PaletteDoors {
  client(id: number): void;
  lead(id: number): void;
  dial(number: string): void;
  create(text: string): void;
}

interface Item {
  id: string;
  group: string;
  label: string;
  note?: string;
  icon: LucideIcon;
  keys?: string;
  run(): void;
}

/** Ctrl+K: clients by name or number, every place, every action. */
export function Palette(props: { opened: boolean; onClose(): void; actions: PaletteAction[]; doors: PaletteDoors }) {
  const t = useT();
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      withCloseButton={false}
      padding={0}
      size={620}
      title={t('search.open')}
      classNames={{ header: css.hidden }}
      transitionProps={{ duration: 60 }}
    >
      <Body {...props} />
    </Modal>
  );
}

function Body(props: { onClose(): void; actions: PaletteAction[]; doors: PaletteDoors }) {
  const t = useT();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const q = text.trim();
  const found = useQuery({ ...searchQuery(q), enabled: q.length >= 2, placeholderData: keepPreviousData });
  const hand = useQuery({ ...atHandQuery, staleTime: 5000 }).data;
  const { actions, doors } = props;

  const items = useMemo(() => {
    const result: Item[] = [];
    if (q === '') {
      const pinned = hand?.pinned ?? [];
      const recent = (hand?.recent ?? []).filter((each) => !pinned.some((pin) => pin.id === each.id));
      for (const [group, list] of [
        [t('hand.pinned'), pinned],
        [t('hand.recent'), recent.slice(0, 8)],
      ] as const) {
        for (const client of list) {
          result.push({
            id: `client-${client.id}`,
            group,
            label: client.name,
            icon: list === pinned ? Pin : client.kind === 'organisation' ? Building2 : UserRound,
            run: () => doors.client(client.id),
          });
        }
      }
    }
    if (q.length >= 2) {
      for (const client of found.data?.clients ?? []) {
        result.push({
          id: `client-${client.id}`,
          group: t('nav.clients'),
          label: client.name,
          note: [client.primary_phone, client.responsible_name].filter(Boolean).join(' · '),
          icon: client.kind === 'organisation' ? Building2 : UserRound,
          run: () => doors.client(client.id),
        });
      }
      for (const lead of found.data?.leads ?? []) {
        result.push({
          id: `lead-${lead.id}`,
          group: t('nav.leads'),
          label: lead.client_name || lead.caller_name || lead.number_display,
          note: [t('lead.number', { id: lead.id }), lead.line_name].filter(Boolean).join(' · '),
          icon: Ticket,
          run: () => doors.lead(lead.id),
        });
      }
    }
    if (looksLikeNumber(q)) {
      result.push({
        id: 'dial',
        group: t('search.actions'),
        label: t('action.dial_number', { number: q }),
        icon: Phone,
        run: () => doors.dial(q),
      });
    }
    if (q.length >= 2) {
      result.push({
        id: 'create',
        group: t('search.actions'),
        label: t('search.create', { q }),
        icon: UserPlus,
        run: () => doors.create(q),
      });
    }
    const low = q.toLocaleLowerCase();
    for (const action of actions) {
      if (!low || action.label.toLocaleLowerCase().includes(low)) result.push({ group: t('search.go'), ...action });
    }
    return result;
  }, [q, found.data, hand, actions, doors, t]);

  useEffect(() => setAt(0), [q]);
  const current = Math.min(at, items.length - 1);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${current}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  const run = (item: Item | undefined) => {
    if (!item) return;
    props.onClose();
    item.run();
  };

  let group = '';
  return (
    <div className={css.palette} data-testid="palette">
      <label className={css.field}>
        <Search size={16} aria-hidden />
        <input
          data-autofocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          placeholder={t('search.placeholder')}
          role="combobox"
          aria-expanded
          aria-controls="palette-list"
          aria-activedescendant={items[current] ? `palette-${items[current].id}` : undefined}
          aria-label={t('search.placeholder')}
          data-testid="palette-input"
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step !== undefined && items.length > 0) {
              event.preventDefault();
              setAt((current + step + items.length) % items.length);
            } else if (event.key === 'Enter') {
              event.preventDefault();
              run(items[current]);
            }
          }}
        />
      </label>
      <div ref={list} id="palette-list" role="listbox" aria-label={t('search.results')} className={css.list}>
        {items.length === 0 && <p className={css.none}>{t('search.nothing')}</p>}
        {items.map((item, index) => {
          const fresh = item.group !== group;
          group = item.group;
          return (
            <div key={item.id} role="presentation">
              {fresh && (
                <p className={css.group} role="presentation">
                  {item.group}
                </p>
              )}
              <div
                id={`palette-${item.id}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === current}
                data-index={index}
                className={css.item}
                onMouseMove={() => setAt(index)}
                onClick={() => run(item)}
                onKeyDown={(event) => event.key === 'Enter' && run(item)}
                data-testid="palette-item"
                data-item={item.id}
              >
                <item.icon size={16} aria-hidden />
                <span className="truncate">{item.label}</span>
                {item.note && <span className="whisper truncate">{item.note}</span>}
                <span className="grow" />
                {item.keys && <Kbd keys={item.keys} />}
                {index === current && !item.keys && <CornerDownLeft size={13} aria-hidden />}
              </div>
            </div>
          );
        })}
      </div>
    </div>
  );
}
