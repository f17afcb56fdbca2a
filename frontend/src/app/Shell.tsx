import { Tooltip } from '@mantine/core';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import {
  Bell,
  Gauge,
  Headphones,
  Keyboard,
  Layers,
  ListChecks,
  MessageSquare,
  ScrollText,
  Settings,
  Users,
  type LucideIcon,
} from 'lucide-react';
import { useMemo, useState } from 'react';
import { useCan, useMe } from '@/api/react';
import type { Permission } from '@/api/types';
import { useTelephone } from '@/call/context';
import { ProofDialog } from '@/features/access/ProofDialog';
import { useAlertWatch } from '@/features/audit/AlertWatch';
import { OutcomeForm } from '@/features/lead/CloseForm';
import { useLeadActions } from '@/features/lead/actions';
import { Dock } from '@/features/phone/Dock';
import { SoftphoneBar } from '@/features/phone/SoftphoneBar';
import { Consultations } from '@/features/phone/Transfer';
import { Unanswered } from '@/features/phone/Unanswered';
import { Palette, type PaletteAction } from '@/features/search/Palette';
import { ShortcutPanel } from '@/features/search/Shortcuts';
import { useT } from '@/lib/i18n';
import { looksLikeNumber } from '@/lib/phone';
import { keysOf, useShortcut } from '@/lib/shortcuts';
import { Avatar } from '@/ui/kit';
import css from './shell.module.css';

interface Place {
  to: string;
  key: string;
  icon: LucideIcon;
  id: string;
  needs?: Permission;
}

const places = [
  { to: '/board', key: 'nav.board', icon: Gauge, id: 'board' },
  { to: '/leads', key: 'nav.leads', icon: ListChecks, id: 'leads' },
  { to: '/clients', key: 'nav.clients', icon: Users, id: 'clients' },
  { to: '/segments', key: 'nav.segments', icon: Layers, id: 'segments', needs: 'segments.read' },
  { to: '/messages', key: 'nav.messages', icon: MessageSquare, id: 'messages' },
  { to: '/reminders', key: 'nav.reminders', icon: Bell, id: 'reminders' },
  { to: '/agents', key: 'nav.agents', icon: Headphones, id: 'agents' },
] as const satisfies Place[];

/** The frame of every screen: rail, softphone, the page, what floats. */
export function Shell() {
  const t = useT();
  const me = useMe();
  const navigate = useNavigate();
  const can = useCan();
  const overseer = can('audit.read');
  const shown = useMemo(() => places.filter((place) => !('needs' in place) || can(place.needs)), [can]);
  const alerts = useAlertWatch(overseer);
  const { softphone } = useTelephone();
  const leadActions = useLeadActions();
  const [searching, setSearching] = useState(false);
  const [helping, setHelping] = useState(false);
  useShortcut('search', () => setSearching(true));
  useShortcut('help', () => setHelping(true));

  const actions = useMemo<PaletteAction[]>(
    () => [
      ...shown.map((place) => ({
        id: `go-${place.id}`,
        label: t(place.key),
        icon: place.icon,
        run: () => void navigate({ to: place.to, search: {} }),
      })),
      ...(overseer
        ? [
            {
              id: 'go-audit',
              label: t('nav.audit'),
              icon: ScrollText,
              run: () => void navigate({ to: '/audit', search: {} }),
            },
          ]
        : []),
      {
        id: 'go-settings',
        label: t('nav.settings'),
        icon: Settings,
        run: () => void navigate({ to: '/settings/users' }),
      },
      { id: 'go-profile', label: t('profile.title'), icon: Users, run: () => void navigate({ to: '/profile' }) },
      {
        id: 'go-shortcuts',
        label: t('shortcut.title'),
        icon: Keyboard,
        keys: keysOf('help'),
        run: () => setHelping(true),
      },
    ],
    [t, navigate, overseer, shown],
  );
  const doors = useMemo(
    () => ({
      client: (id: number) => void navigate({ to: '/clients/$clientId', params: { clientId: String(id) } }),
      lead: (id: number) => void navigate({ to: '/leads/$leadId', params: { leadId: String(id) } }),
      dial: (number: string) => void softphone.dial({ number }),
      create: (text: string) =>
        void navigate({ to: '/clients/new', search: looksLikeNumber(text) ? { number: text } : { name: text } }),
    }),
    [navigate, softphone],
  );

  return (
    <div className={css.shell} data-testid="shell">
      <a href="#main" className={css.skip}>
        {t('nav.skip')}
      </a>
      <nav className={css.rail} aria-label={t('nav.main')}>
        <Link to="/board" search={{}} className={css.logo} aria-label="Centralita">
          <img src="/icon.svg" alt="" width={28} height={28} />
        </Link>
        {shown.map((place) => (
          <RailLink key={place.id} to={place.to} label={t(place.key)} icon={place.icon} id={place.id} />
        ))}
        <span className={css.spring} />
        <Tooltip label={t('shortcut.title')} position="right">
          <button
            type="button"
            className={css.railLink}
            onClick={() => setHelping(true)}
            aria-label={t('shortcut.title')}
            data-testid="open-shortcuts"
          >
            <Keyboard size={18} aria-hidden />
          </button>
        </Tooltip>
        {overseer && (
          <RailLink
            to="/audit"
            label={alerts > 0 ? t('nav.audit_alerts', { n: alerts }) : t('nav.audit')}
            icon={ScrollText}
            id="audit"
            dot={alerts > 0}
          />
        )}
        <RailLink to="/settings" label={t('nav.settings')} icon={Settings} id="settings" />
        <Tooltip label={me.user.name} position="right">
          <Link to="/profile" className={css.me} aria-label={t('profile.title')} data-testid="nav-profile">
            <Avatar name={me.user.name} size={30} />
          </Link>
        </Tooltip>
      </nav>
      <header className={css.bar}>
        <SoftphoneBar onSearch={() => setSearching(true)} />
        <Consultations />
        <Unanswered />
      </header>
      <main id="main" className={css.main} tabIndex={-1}>
        <ProofDialog />
        <Outlet />
      </main>
      <Dock
        outcome={(call, done) =>
          call.lead_id ? (
            <OutcomeForm
              key={call.id}
              leadId={call.lead_id}
              reached={call.outcome === 'answered'}
              actions={leadActions}
              suggested={call.outcome === 'answered' && call.direction === 'out' ? 'called_back_reached' : undefined}
              onDone={done}
            />
          ) : null
        }
      />
      <Palette opened={searching} onClose={() => setSearching(false)} actions={actions} doors={doors} />
      <ShortcutPanel opened={helping} onClose={() => setHelping(false)} />
    </div>
  );
}

function RailLink(props: {
  to: (typeof places)[number]['to'] | '/settings' | '/audit';
  label: string;
  icon: LucideIcon;
  id: string;
  dot?: boolean;
}) {
  const Icon = props.icon;
  return (
    <Tooltip label={props.label} position="right">
      <Link
        to={props.to}
        search={{}}
        className={css.railLink}
        activeProps={{ 'data-active': true } as object}
        activeOptions={{ includeSearch: false }}
        aria-label={props.label}
        data-testid={`nav-${props.id}`}
      >
        <Icon size={18} aria-hidden />
        {props.dot && <span className={css.dot} />}
      </Link>
    </Tooltip>
  );
}
