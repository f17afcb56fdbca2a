import { Search } from 'lucide-react';
import { usePhoneState } from '@/call/context';
import { isOffer } from '@/call/softphone';
import { useT } from '@/lib/i18n';
import { keysOf } from '@/lib/shortcuts';
import { Kbd } from '@/ui/kit';
import { CallStrip } from './CallStrip';
import { DialBox } from './DialBox';
import { PhoneHealth } from './PhoneHealth';
import { PresenceMenu } from './PresenceMenu';
import css from './phone.module.css';

/** The telephone, on top of every route, always at the same place. */
export function SoftphoneBar(props: { onSearch(): void }) {
  const t = useT();
  const phone = usePhoneState();
  const active = phone.calls.filter((call) => call.view && !isOffer(call));
  return (
    <div
      className={css.bar}
      role="region"
      aria-label={t('phone.bar')}
      data-testid="softphone-bar"
      data-ownership={phone.ownership}
    >
      <PresenceMenu />
      {active.length > 0 ? (
        <div className={css.strips}>
          {active.map((call) => (
            <CallStrip key={call.id} call={call} />
          ))}
        </div>
      ) : (
        <DialBox />
      )}
      <span className="grow" />
      <button type="button" className={css.search} onClick={props.onSearch} data-testid="open-search">
        <Search size={14} aria-hidden />
        <span>{t('search.open')}</span>
        <Kbd keys={keysOf('search')} />
      </button>
      <PhoneHealth />
    </div>
  );
}
