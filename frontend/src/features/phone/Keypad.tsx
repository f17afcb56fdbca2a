import { ActionIcon, Popover } from '@mantine/core';
import { Grip } from 'lucide-react';
import { useState } from 'react';
import { keypadDigits } from '@/lib/phone';
import { useT } from '@/lib/i18n';
import css from './phone.module.css';

const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** Tones for the other side's menus; the keyboard types them as well. */
export function Keypad(props: { onDigits: ((digits: string) => void) | null }) {
  const t = useT();
  const [sent, setSent] = useState('');
  const press = (digits: string) => {
    if (!digits || !props.onDigits) return;
    props.onDigits(digits);
    setSent((before) => (before + digits).slice(-16));
  };
  return (
    <Popover position="bottom" trapFocus>
      <Popover.Target>
        <ActionIcon
          size={32}
          variant="default"
          disabled={!props.onDigits}
          aria-label={t('call.keypad')}
          title={t('call.keypad')}
          data-testid="keypad"
        >
          <Grip size={16} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown
        onKeyDown={(event) => {
          if (!event.ctrlKey && !event.metaKey && event.key.length === 1) press(keypadDigits(event.key));
        }}
      >
        <output className={css.sent} aria-label={t('call.digits_sent')} data-testid="dtmf-sent">
          {sent || ' '}
        </output>
        <div className={css.keypad} role="group" aria-label={t('call.keypad')}>
          {keys.map((key) => (
            <button key={key} type="button" onClick={() => press(key)} data-testid={`dtmf-${key}`}>
              {key}
            </button>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
