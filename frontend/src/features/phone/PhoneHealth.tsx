import { Button, Popover } from '@mantine/core';
import {
  Mic,
  MicOff,
  MonitorSmartphone,
  Phone,
  PhoneOff,
  Signal,
  SignalLow,
  VolumeX,
  Wifi,
  WifiOff,
} from 'lucide-react';
import { Link } from '@tanstack/react-router';
import { usePhoneState, useTelephone } from '@/call/context';
import { audio } from '@/call/devices';
import { soundBlocked } from '@/call/ringer';
import { useT } from '@/lib/i18n';
import { useStore } from '@/lib/react-store';
import { useLiveStore } from '@/live/context';
import { Badge, type Tone } from '@/ui/kit';
import css from './phone.module.css';

/** Registration, microphone, network and the line to the server, in one look. */
export function PhoneHealth() {
  const t = useT();
  const phone = usePhoneState();
  const { takeOver, ringer } = useTelephone();
  const live = useStore(useLiveStore());
  const sound = useStore(audio);
  const blocked = useStore(soundBlocked);
  const quality = phone.calls.find((call) => call.quality)?.quality ?? null;
  const warned = (quality?.warnings.length ?? 0) > 0;
  const elsewhere = phone.ownership === 'other_tab';
  const registered = phone.kind === 'desk' || phone.registration === 'registered';
  const micTone: Tone = sound.access === 'denied' || sound.access === 'missing' ? 'bad' : 'plain';

  return (
    <div className={css.health} data-testid="phone-health">
      {elsewhere && (
        <Button
          variant="light"
          size="compact-xs"
          leftSection={<MonitorSmartphone size={13} aria-hidden />}
          onClick={takeOver}
          data-testid="take-phone"
        >
          {t('phone.take')}
        </Button>
      )}
      {blocked && (
        <Button
          variant="light"
          size="compact-xs"
          color="yellow"
          leftSection={<VolumeX size={13} aria-hidden />}
          onClick={() => void ringer.unlock()}
          data-testid="unlock-sound"
        >
          {t('phone.sound_blocked')}
        </Button>
      )}
      <Popover width={300} position="bottom-end">
        <Popover.Target>
          <button
            type="button"
            className={css.healthButton}
            aria-label={t('phone.health')}
            data-testid="phone-health-open"
          >
            <span
              data-testid="registration"
              data-state={phone.registration}
              data-tone={registered ? 'good' : phone.registration === 'connecting' ? 'warn' : 'bad'}
            >
              {registered ? <Phone size={14} aria-hidden /> : <PhoneOff size={14} aria-hidden />}
            </span>
            <span data-testid="microphone" data-state={sound.access} data-tone={micTone}>
              {micTone === 'bad' ? <MicOff size={14} aria-hidden /> : <Mic size={14} aria-hidden />}
            </span>
            <span data-testid="network" data-state={live} data-tone={live === 'connected' ? 'good' : 'bad'}>
              {live === 'connected' ? <Wifi size={14} aria-hidden /> : <WifiOff size={14} aria-hidden />}
            </span>
            {quality && (
              <span data-testid="quality" data-tone={warned ? 'warn' : 'good'} data-mos={quality.mos.toFixed(1)}>
                {warned ? <SignalLow size={14} aria-hidden /> : <Signal size={14} aria-hidden />}
              </span>
            )}
          </button>
        </Popover.Target>
        <Popover.Dropdown>
          <dl className={css.facts}>
            <dt>{t('phone.registration')}</dt>
            <dd>
              <Badge plain tone={registered ? 'good' : 'bad'} icon={registered ? Phone : PhoneOff}>
                {phone.kind === 'desk' ? t('phone.desk') : t(`phone.registration.${phone.registration}`)}
              </Badge>
            </dd>
            <dt>{t('phone.microphone')}</dt>
            <dd>
              <Badge plain tone={micTone} icon={micTone === 'bad' ? MicOff : Mic}>
                {t(`phone.microphone.${sound.access}`)}
              </Badge>
            </dd>
            <dt>{t('phone.live')}</dt>
            <dd>
              <Badge plain tone={live === 'connected' ? 'good' : 'bad'} icon={live === 'connected' ? Wifi : WifiOff}>
                {t(`phone.live.${live}`)}
              </Badge>
            </dd>
            {quality && (
              <>
                <dt>{t('phone.quality')}</dt>
                <dd className="num">
                  {t('phone.quality.figures', {
                    mos: quality.mos.toFixed(1),
                    rtt: quality.rttMs,
                    jitter: quality.jitterMs,
                    loss: quality.lossPercent.toFixed(1),
                  })}
                </dd>
              </>
            )}
          </dl>
          {quality?.warnings.map((warning) => (
            <p key={warning} className={css.warning} role="status">
              {t(`phone.quality.${warning}`)}
            </p>
          ))}
          <Link to="/profile" className={css.link}>
            {t('phone.audio_settings')}
          </Link>
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}
