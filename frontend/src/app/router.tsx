import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import type { AuditFilter } from '@/api/audit';
import { wizardSteps, type WizardStep } from '@/api/exchange';
import { leadClasses, type LeadClass, type ReaderKind } from '@/api/types';
import { readNode, type ListSearch } from '@/features/clientlist/model';
import type { Locale } from '@/lib/i18n';
import { NotFound, RouteFailed, Waiting } from './Fallbacks';
import { Shell } from './Shell';

export interface RouterContext {
  onLocale(locale: Locale): void;
  onSignOut(): void;
}

type Search = Record<string, unknown>;
const text = (value: unknown) =>
  typeof value === 'string' && value ? value : typeof value === 'number' ? String(value) : undefined;
const id = (value: unknown) => {
  const n = Number(value);
  return Number.isSafeInteger(n) && n > 0 ? n : undefined;
};

const root = createRootRouteWithContext<RouterContext>()({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/board' });
  },
});

// The door stands before every page; its customary address leads on.
const door = createRoute({
  getParentRoute: () => root,
  path: '/login',
  beforeLoad: () => {
    throw redirect({ to: '/board' });
  },
});

const board = createRoute({
  getParentRoute: () => root,
  path: '/board',
  validateSearch: (search: Search): { class?: LeadClass; lead?: number } => ({
    class: leadClasses.find((each) => each === search.class),
    lead: id(search.lead),
  }),
  component: lazyRouteComponent(() => import('./routes/leads'), 'BoardRoute'),
});

const leads = createRoute({
  getParentRoute: () => root,
  path: '/leads',
  validateSearch: (search: Search): { state?: string; closing?: string; class?: string; line_id?: number } => ({
    state: text(search.state),
    closing: text(search.closing),
    class: text(search.class),
    line_id: id(search.line_id),
  }),
  component: lazyRouteComponent(() => import('./routes/leads'), 'LeadsRoute'),
});

const lead = createRoute({
  getParentRoute: () => root,
  path: '/leads/$leadId',
  component: lazyRouteComponent(() => import('./routes/leads'), 'LeadRoute'),
});

const clients = createRoute({
  getParentRoute: () => root,
  path: '/clients',
  validateSearch: (search: Search): ListSearch => ({
    q: text(search.q),
    f: readNode(search.f),
    sort: text(search.sort),
    desc: search.desc === true || undefined,
    cols: text(search.cols),
    view: text(search.view),
  }),
  component: lazyRouteComponent(() => import('./routes/clients'), 'ClientsRoute'),
});

const newClient = createRoute({
  getParentRoute: () => root,
  path: '/clients/new',
  validateSearch: (search: Search): { lead?: number; number?: string; name?: string } => ({
    lead: id(search.lead),
    number: text(search.number),
    name: text(search.name),
  }),
  component: lazyRouteComponent(() => import('./routes/clients'), 'NewClientRoute'),
});

const segments = createRoute({
  getParentRoute: () => root,
  path: '/segments',
  validateSearch: (search: Search): { id?: number | 'new' } => ({ id: search.id === 'new' ? 'new' : id(search.id) }),
  component: lazyRouteComponent(() => import('./routes/clients'), 'SegmentsRoute'),
});

const duplicates = createRoute({
  getParentRoute: () => root,
  path: '/clients/duplicates',
  component: lazyRouteComponent(() => import('./routes/clients'), 'DuplicatesRoute'),
});

const client = createRoute({
  getParentRoute: () => root,
  path: '/clients/$clientId',
  validateSearch: (search: Search): { tab?: string } => ({ tab: text(search.tab) }),
  component: lazyRouteComponent(() => import('./routes/clients'), 'ClientRoute'),
});

const imports = createRoute({
  getParentRoute: () => root,
  path: '/imports',
  component: lazyRouteComponent(() => import('./routes/exchange'), 'ImportsRoute'),
});

const importOne = createRoute({
  getParentRoute: () => root,
  path: '/imports/$importId',
  validateSearch: (search: Search): { step?: WizardStep } => ({
    step: wizardSteps.find((each) => each === search.step),
  }),
  component: lazyRouteComponent(() => import('./routes/exchange'), 'ImportRoute'),
});

const exportFiles = createRoute({
  getParentRoute: () => root,
  path: '/exports',
  validateSearch: (search: Search): { all?: boolean } => ({ all: search.all === true || undefined }),
  component: lazyRouteComponent(() => import('./routes/exchange'), 'ExportsRoute'),
});

const messages = createRoute({
  getParentRoute: () => root,
  path: '/messages',
  validateSearch: (search: Search): { state?: string; direction?: string } => ({
    state: text(search.state),
    direction: text(search.direction),
  }),
  component: lazyRouteComponent(() => import('./routes/messages'), 'MessagesRoute'),
});

const outbox = createRoute({
  getParentRoute: () => root,
  path: '/messages/outbox',
  component: lazyRouteComponent(() => import('./routes/messages'), 'OutboxRoute'),
});

const reminders = createRoute({
  getParentRoute: () => root,
  path: '/reminders',
  validateSearch: (search: Search): { mine?: boolean } => ({ mine: search.mine === true || undefined }),
  component: lazyRouteComponent(() => import('./routes/messages'), 'RemindersRoute'),
});

const readerKinds = ['cards', 'numbers', 'searches', 'pages', 'recordings', 'exports'] as const;
const readerKind = (value: unknown) => readerKinds.find((each) => each === value);

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: (search: Search): AuditFilter => ({
    user_id: id(search.user_id),
    action: text(search.action),
    entity: text(search.entity),
    entity_id: id(search.entity_id),
    only: text(search.only),
    kind: readerKind(search.kind),
    from: text(search.from),
    until: text(search.until),
    q: text(search.q),
  }),
  component: lazyRouteComponent(() => import('./routes/audit'), 'AuditRoute'),
});

const readers = createRoute({
  getParentRoute: () => root,
  path: '/audit/readers',
  validateSearch: (search: Search): { kind?: ReaderKind } => ({ kind: readerKind(search.kind) }),
  component: lazyRouteComponent(() => import('./routes/audit'), 'ReadersRoute'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./routes/settings'), 'SettingsRoute'),
});

const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/users' });
  },
});

const settingsPage = (
  path:
    | 'users'
    | 'roles'
    | 'teams'
    | 'lines'
    | 'queues'
    | 'skills'
    | 'desk'
    | 'firm'
    | 'fields'
    | 'templates'
    | 'quotas'
    | 'sessions'
    | 'tokens'
    | 'exports'
    | 'health',
  name:
    | 'Users'
    | 'Roles'
    | 'Teams'
    | 'Lines'
    | 'Queues'
    | 'Skills'
    | 'Desk'
    | 'Firm'
    | 'Fields'
    | 'Templates'
    | 'Quotas'
    | 'Sessions'
    | 'Tokens'
    | 'Exports'
    | 'Health',
) =>
  createRoute({
    getParentRoute: () => settings,
    path,
    component: lazyRouteComponent(() => import('./routes/settings'), name),
  });

const webhooks = createRoute({
  getParentRoute: () => settings,
  path: 'webhooks',
  validateSearch: (search: Search): { id?: number } => ({ id: id(search.id) }),
  component: lazyRouteComponent(() => import('./routes/settings'), 'Webhooks'),
});

// Below /api because that is where a program's author looks for it.
const reference = createRoute({
  getParentRoute: () => root,
  path: '/api/docs',
  component: lazyRouteComponent(() => import('./routes/reference'), 'ReferenceRoute'),
});

const states = ['available', 'ringing', 'on_call', 'wrap_up', 'not_ready', 'offline'] as const;

const agents = createRoute({
  getParentRoute: () => root,
  path: '/agents',
  validateSearch: (search: Search): { state?: (typeof states)[number] } => ({
    state: states.find((state) => state === search.state),
  }),
  component: lazyRouteComponent(() => import('./routes/agents'), 'AgentsRoute'),
});

const profile = createRoute({
  getParentRoute: () => root,
  path: '/profile',
  component: lazyRouteComponent(() => import('./routes/settings'), 'ProfileRoute'),
});

const tree = root.addChildren([
  home,
  door,
  board,
  leads,
  lead,
  clients,
  newClient,
  segments,
  duplicates,
  client,
  imports,
  importOne,
  exportFiles,
  messages,
  outbox,
  reminders,
  agents,
  audit,
  readers,
  settings.addChildren([
    settingsHome,
    settingsPage('users', 'Users'),
    settingsPage('roles', 'Roles'),
    settingsPage('teams', 'Teams'),
    settingsPage('lines', 'Lines'),
    settingsPage('queues', 'Queues'),
    settingsPage('skills', 'Skills'),
    settingsPage('desk', 'Desk'),
    settingsPage('firm', 'Firm'),
    settingsPage('fields', 'Fields'),
    settingsPage('templates', 'Templates'),
    settingsPage('quotas', 'Quotas'),
    settingsPage('sessions', 'Sessions'),
    settingsPage('tokens', 'Tokens'),
    webhooks,
    settingsPage('exports', 'Exports'),
    settingsPage('health', 'Health'),
  ]),
  profile,
  reference,
]);

export function createAppRouter(context: RouterContext) {
  return createRouter({
    routeTree: tree,
    context,
    defaultPreload: 'intent',
    defaultPendingComponent: Waiting,
    defaultPendingMs: 200,
    defaultErrorComponent: RouteFailed,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
