import { ActionIcon, Menu, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, Phone } from 'lucide-react';
import { useRef, useState, type FormEvent } from 'react';
import { linesQuery } from '@/api/lines';
import { usePhoneState, useTelephone } from '@/call/context';
import { useT } from '@/lib/i18n';
import { looksLikeNumber } from '@/lib/phone';
import { keysOf, useShortcut } from '@/lib/shortcuts';
import { localStore } from '@/lib/storage';
import { LineTag } from '@/ui/kit';
import css from './phone.module.css';

const lineKey = 'centralita.outgoing_line';

/** A number to call, and the line to show to the person called. */
export function DialBox() {
  const t = useT();
  const { softphone } = useTelephone();
  const phone = usePhoneState();
  const lines = (useQuery(linesQuery).data ?? []).filter((line) => line.active);
  const [number, setNumber] = useState('');
  const [lineId, setLineId] = useState(() => Number(localStore.get(lineKey)) || 0);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const line = lines.find((each) => each.id === lineId);
  const possible = looksLikeNumber(number) && !busy && phone.calls.length === 0;

  useShortcut('dial', () => input.current?.focus());

  async function dial(event: FormEvent) {
    event.preventDefault();
    if (!possible) return;
    setBusy(true);
    const call = await softphone.dial({ number: number.trim(), ...(line ? { line_id: line.id } : {}) });
    setBusy(false);
    if (call) setNumber('');
  }

  return (
    <form className={css.dial} onSubmit={(event) => void dial(event)} role="search" aria-label={t('dial.label')}>
      <TextInput
        ref={input}
        value={number}
        onChange={(event) => setNumber(event.currentTarget.value)}
        placeholder={t('dial.placeholder')}
        aria-label={t('dial.placeholder')}
        title={keysOf('dial')}
        inputMode="tel"
        autoComplete="off"
        className="num grow"
        data-testid="dial-input"
        rightSectionWidth={lines.length > 1 ? 54 : 30}
        rightSectionPointerEvents="all"
        rightSection={
          <span className="row" style={{ gap: 0 }}>
            {lines.length > 1 && (
              <Menu position="bottom-end">
                <Menu.Target>
                  <ActionIcon
                    size={24}
                    aria-label={t('dial.line')}
                    title={line?.name ?? t('dial.line')}
                    data-testid="dial-line"
                  >
                    <ChevronDown size={13} aria-hidden />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Label>{t('dial.line')}</Menu.Label>
                  {[null, ...lines].map((each) => (
                    <Menu.Item
                      key={each?.id ?? 0}
                      aria-current={lineId === (each?.id ?? 0) || undefined}
                      onClick={() => {
                        setLineId(each?.id ?? 0);
                        localStore.set(lineKey, String(each?.id ?? 0));
                      }}
                      rightSection={each ? <span className="whisper num">{each.number}</span> : null}
                    >
                      {each ? <LineTag name={each.name} color={each.color} /> : t('dial.line_auto')}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
            )}
            <ActionIcon
              type="submit"
              size={24}
              color="accent"
              disabled={!possible}
              aria-label={t('dial.call')}
              data-testid="dial-submit"
            >
              <Phone size={14} aria-hidden />
            </ActionIcon>
          </span>
        }
      />
    </form>
  );
}
