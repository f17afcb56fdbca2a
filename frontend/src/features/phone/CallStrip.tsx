import { ActionIcon, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Circle, Mic, MicOff, Pause, PhoneIncoming, PhoneOff, PhoneOutgoing, Play } from 'lucide-react';
import { useTelephone } from '@/call/context';
import type { LiveCall } from '@/call/softphone';
import { useNow } from '@/lib/clock';
import { clockText, secondsBetween } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { keysOf, useShortcut } from '@/lib/shortcuts';
import { Badge, LineTag } from '@/ui/kit';
import { Keypad } from './Keypad';
import { TransferButton } from './Transfer';
import css from './phone.module.css';
import { callWord, clockStart } from './status';

/** One conversation in the bar: who, for how long, and what can be done. */
export function CallStrip(props: { call: LiveCall }) {
  const { call } = props;
  const t = useT();
  const code = useCode();
  const now = useNow();
  const { softphone } = useTelephone();
  const can = softphone.actions(call);
  const view = call.view;
  useShortcut('hangup', can.hangup);
  useShortcut('mute', can.mute ?? can.unmute);
  useShortcut('hold', can.hold ?? can.unhold);
  if (!view) return null;

  const word = callWord(call);
  const title = view.client_name || view.caller_name || view.number.display || t('number.withheld');
  const Direction = view.direction === 'in' ? PhoneIncoming : PhoneOutgoing;
  const muteLabel = view.muted ? t('call.unmute') : t('call.mute');
  const holdLabel = view.held ? t('call.unhold') : t('call.hold');

  return (
    <div
      className={css.strip}
      role="group"
      aria-label={t('call.with', { name: title })}
      data-testid="call-strip"
      data-call-id={view.id}
      data-phase={view.phase}
      data-leg={call.leg}
      data-state={word}
    >
      <Direction size={16} className={css.stripIcon} aria-hidden />
      <div className={css.stripWho}>
        {view.client_id ? (
          <Link
            to="/clients/$clientId"
            params={{ clientId: String(view.client_id) }}
            className="strong truncate"
            data-testid="call-client"
          >
            {title}
          </Link>
        ) : (
          <span className="strong truncate num">{title}</span>
        )}
        <span className="whisper row" style={{ gap: 6 }}>
          <span data-testid="call-state" role="status">
            {code('call.state', word)}
          </span>
          {view.line && <LineTag name={view.line.name} color={view.line.color} />}
        </span>
      </div>
      {view.recording && (
        <Badge plain tone="bad" icon={Circle} testId="recording-badge">
          {t('call.recording')}
        </Badge>
      )}
      <time className={css.timer} data-testid="call-timer">
        {clockText(secondsBetween(clockStart(call), now))}
      </time>
      {!view.client_id && view.lead_id && (view.candidates ?? []).length === 0 && (
        <Button
          component={Link}
          {...({
            to: '/clients/new',
            search: { lead: view.lead_id, number: view.number.e164 || view.number.raw, name: view.caller_name },
          } as object)}
          variant="default"
          data-testid="call-create-client"
        >
          {t('ring.create')}
        </Button>
      )}
      <ActionIcon
        size={32}
        variant={view.muted ? 'filled' : 'default'}
        color={view.muted ? 'accent' : 'gray'}
        disabled={!can.mute && !can.unmute}
        onClick={() => (can.mute ?? can.unmute)?.()}
        aria-pressed={view.muted}
        aria-label={muteLabel}
        title={`${muteLabel} · ${keysOf('mute')}`}
        data-testid="mute"
      >
        {view.muted ? <MicOff size={16} aria-hidden /> : <Mic size={16} aria-hidden />}
      </ActionIcon>
      <ActionIcon
        size={32}
        variant={view.held ? 'filled' : 'default'}
        color={view.held ? 'accent' : 'gray'}
        disabled={!can.hold && !can.unhold}
        onClick={() => (can.hold ?? can.unhold)?.()}
        aria-pressed={view.held}
        aria-label={holdLabel}
        title={`${holdLabel} · ${keysOf('hold')}`}
        data-testid="hold"
      >
        {view.held ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />}
      </ActionIcon>
      <Keypad onDigits={can.dtmf} />
      <TransferButton call={view} disabled={view.phase !== 'talking' || !!view.third} />
      <Button
        color="#cf3434"
        disabled={!can.hangup}
        onClick={() => can.hangup?.()}
        title={`${t('call.hangup')} · ${keysOf('hangup')}`}
        leftSection={<PhoneOff size={15} aria-hidden />}
        data-testid="hangup"
      >
        {t('call.hangup')}
      </Button>
    </div>
  );
}
