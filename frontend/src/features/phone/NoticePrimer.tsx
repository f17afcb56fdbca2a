import { Button } from '@mantine/core';
import { BellRing } from 'lucide-react';
import { allowNotices, notices, postponeNotices } from '@/call/notices';
import { useT } from '@/lib/i18n';
import { useStore } from '@/lib/react-store';
import css from './phone.module.css';

/** Says what notifications are for before the browser asks; it comes after a click and takes no focus. */
export function NoticePrimer() {
  const t = useT();
  if (!useStore(notices).primer) return null;
  return (
    <aside className={css.primer} aria-label={t('notify.title')} data-testid="notify-primer">
      <BellRing size={18} aria-hidden />
      <div className="grow">
        <h2>{t('notify.title')}</h2>
        <p className="soft">{t('notify.primer')}</p>
        <div className="row">
          <Button size="compact-sm" onClick={() => void allowNotices()} data-testid="notify-allow">
            {t('notify.allow')}
          </Button>
          <Button size="compact-sm" variant="subtle" color="gray" onClick={postponeNotices} data-testid="notify-later">
            {t('notify.later')}
          </Button>
        </div>
      </div>
    </aside>
  );
}

/** The same in the settings, and what to do where it was refused. */
export function NoticeSettings() {
  const t = useT();
  const { permission } = useStore(notices);
  return (
    <div className="row" data-testid="notify-settings" data-permission={permission}>
      <p className="grow soft" style={{ margin: 0 }}>
        {permission === 'default' ? t('notify.primer') : t(`notify.${permission}`)}
      </p>
      {permission === 'default' && (
        <Button variant="default" onClick={() => void allowNotices()} data-testid="notify-settings-allow">
          {t('notify.allow')}
        </Button>
      )}
    </div>
  );
}
