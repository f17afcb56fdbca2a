import { Link, Outlet, useRouter, useSearch } from '@tanstack/react-router';
import { useCan, useMe } from '@/api/react';
import { FirmPage } from '@/features/access/FirmPage';
import { Deputies } from '@/features/access/Deputies';
import { ProfilePage } from '@/features/access/ProfilePage';
import { RolesPage } from '@/features/access/RolesPage';
import { TeamsPage } from '@/features/access/TeamsPage';
import { SessionsPage } from '@/features/access/Sessions';
import { TokensPage } from '@/features/access/Tokens';
import { UsersPage } from '@/features/access/UsersPage';
import { QuotasPage } from '@/features/audit/QuotasPage';
import { FieldsPage } from '@/features/field/FieldsPage';
import { ExportSettingsPage } from '@/features/exchange/ExportSettingsPage';
import { LinesPage } from '@/features/line/LinesPage';
import { DeskPage } from '@/features/desk/DeskPage';
import { QueuesPage } from '@/features/queue/QueuesPage';
import { SkillsPage } from '@/features/queue/SkillsPage';
import { NoticeSettings } from '@/features/phone/NoticePrimer';
import { TemplatesPage } from '@/features/message/TemplatesPage';
import { ShortcutList } from '@/features/search/Shortcuts';
import { HealthPage } from '@/features/system/HealthPage';
import { WebhooksPage } from '@/features/webhook/WebhooksPage';
import { useT } from '@/lib/i18n';
import { Page } from '@/ui/kit';
import css from '../shell.module.css';

const tabs = [
  { to: '/settings/users', key: 'settings.users', needs: null },
  { to: '/settings/roles', key: 'settings.roles', needs: null },
  { to: '/settings/teams', key: 'settings.teams', needs: null },
  { to: '/settings/lines', key: 'settings.lines', needs: null },
  { to: '/settings/queues', key: 'settings.queues', needs: null },
  { to: '/settings/skills', key: 'settings.skills', needs: null },
  { to: '/settings/desk', key: 'settings.desk', needs: null },
  { to: '/settings/firm', key: 'settings.firm', needs: 'settings.read' },
  { to: '/settings/fields', key: 'settings.fields', needs: 'settings.write' },
  { to: '/settings/templates', key: 'settings.templates', needs: null },
  { to: '/settings/quotas', key: 'settings.quotas', needs: 'settings.read' },
  { to: '/settings/sessions', key: 'settings.sessions', needs: 'sessions.manage' },
  { to: '/settings/tokens', key: 'settings.tokens', needs: 'sessions.manage' },
  { to: '/settings/webhooks', key: 'settings.webhooks', needs: 'webhooks.manage' },
  { to: '/settings/exports', key: 'settings.exports', needs: 'settings.read' },
  { to: '/settings/health', key: 'settings.health', needs: 'settings.read' },
] as const;

export function SettingsRoute() {
  const t = useT();
  const can = useCan();
  return (
    <Page
      title={t('nav.settings')}
      testId="settings-page"
      lead={
        <nav className={css.tabs} aria-label={t('nav.settings')}>
          {tabs
            .filter((tab) => tab.needs === null || can(tab.needs))
            .map((tab) => (
              <Link
                key={tab.to}
                to={tab.to}
                activeProps={{ 'data-active': true } as object}
                data-testid={tab.key.replace('.', '-')}
              >
                {t(tab.key)}
              </Link>
            ))}
        </nav>
      }
    >
      <Outlet />
    </Page>
  );
}

export const Users = UsersPage;
export const Queues = QueuesPage;
export const Desk = DeskPage;
export const Skills = SkillsPage;
export const Roles = RolesPage;
export const Teams = TeamsPage;
export const Lines = LinesPage;
export const Firm = FirmPage;
export const Fields = FieldsPage;
export const Templates = TemplatesPage;
export const Quotas = QuotasPage;
export const Health = HealthPage;
export const Sessions = SessionsPage;
export const Tokens = TokensPage;
export function Webhooks() {
  const { id } = useSearch({ from: '/settings/webhooks' });
  return <WebhooksPage selected={id} />;
}

export const Exports = ExportSettingsPage;

function Own() {
  const { user } = useMe();
  return (
    <>
      <Deputies userId={user.id} editable />
      <ShortcutList />
    </>
  );
}

export function ProfileRoute() {
  const { onLocale, onSignOut } = useRouter().options.context;
  return <ProfilePage onLocale={onLocale} onSignOut={onSignOut} notices={<NoticeSettings />} shortcuts={<Own />} />;
}
