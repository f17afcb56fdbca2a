import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { History, Pin } from 'lucide-react';
import type { ReactNode } from 'react';
import { atHandQuery } from '@/api/cards';
import type { NamedClient } from '@/api/types';
import { useT } from '@/lib/i18n';
import css from './client.module.css';

/** Whom I pinned and whose cards I opened last, one click away, above the list of all. */
export function AtHand(props: { children: ReactNode }) {
  return (
    <div className={css.withHand}>
      <Strip />
      <div className={css.underHand}>{props.children}</div>
    </div>
  );
}

function Strip() {
  const t = useT();
  const hand = useQuery(atHandQuery).data;
  const pinned = hand?.pinned ?? [];
  const recent = (hand?.recent ?? []).filter((each) => !pinned.some((pin) => pin.id === each.id)).slice(0, 6);
  if (pinned.length + recent.length === 0) return null;
  const chips = (list: NamedClient[], Icon: typeof Pin) =>
    list.map((each) => (
      <Link
        key={each.id}
        to="/clients/$clientId"
        params={{ clientId: String(each.id) }}
        className={css.handChip}
        data-testid="at-hand-client"
      >
        <Icon size={12} aria-hidden />
        <span className="truncate">{each.name}</span>
      </Link>
    ));
  return (
    <nav className={css.hand} aria-label={t('hand.title')} data-testid="at-hand">
      {chips(pinned.slice(0, 8), Pin)}
      {chips(recent, History)}
    </nav>
  );
}
