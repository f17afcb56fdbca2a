import { ActionIcon, Button, Modal, Switch } from '@mantine/core';
import { RotateCcw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useT } from '@/lib/i18n';
import { useStore } from '@/lib/react-store';
import { keysOf, setShortcutWishes, shortcuts, shortcutWishes, type ShortcutId } from '@/lib/shortcuts';
import { Kbd, Section } from '@/ui/kit';
import css from './shortcuts.module.css';

const ids = Object.keys(shortcuts) as ShortcutId[];
const groups = [
  { title: 'shortcut.calls' as const, ids: ids.filter((id) => shortcuts[id].chord) },
  { title: 'shortcut.everywhere' as const, ids: ['search', 'help'] as ShortcutId[] },
  { title: 'shortcut.board' as const, ids: ids.filter((id) => id.startsWith('row_')) },
];

export function ShortcutPanel(props: { opened: boolean; onClose(): void }) {
  const t = useT();
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t('shortcut.title')}
      size={560}
      closeButtonProps={{ 'aria-label': t('action.dismiss') }}
    >
      <div data-testid="shortcut-panel">
        <ShortcutList />
      </div>
    </Modal>
  );
}

/** Every key in one list; each can be moved, all can be switched off. */
export function ShortcutList() {
  const t = useT();
  const wishes = useStore(shortcutWishes);
  const [listening, setListening] = useState<ShortcutId | null>(null);
  useEffect(() => {
    if (!listening) return;
    const pressed = (event: KeyboardEvent) => {
      if (/^(Control|Shift|Alt|Meta)/u.test(event.code)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const taken = ids.some(
        (id) =>
          id !== listening &&
          shortcuts[id].chord === shortcuts[listening].chord &&
          (wishes.codes[id] ?? shortcuts[id].code) === event.code,
      );
      if (event.code !== 'Escape' && !taken) setShortcutWishes({ codes: { ...wishes.codes, [listening]: event.code } });
      setListening(null);
    };
    window.addEventListener('keydown', pressed, true);
    return () => window.removeEventListener('keydown', pressed, true);
  }, [listening, wishes.codes]);
  return (
    <Section
      title={t('shortcut.title')}
      actions={
        <Switch
          label={t('shortcut.on')}
          checked={wishes.on}
          onChange={(event) => setShortcutWishes({ on: event.currentTarget.checked })}
          data-testid="shortcuts-on"
        />
      }
    >
      {groups.map((group) => (
        <div key={group.title} className={css.group}>
          <h3 className="whisper">{t(group.title)}</h3>
          <ul className={css.list}>
            {group.ids.map((id) => (
              <li key={id} data-testid="shortcut" data-shortcut={id}>
                <span className="grow">{t(`shortcut.${id}`)}</span>
                {wishes.codes[id] && (
                  <ActionIcon
                    size={22}
                    aria-label={t('shortcut.reset')}
                    onClick={() => {
                      setShortcutWishes({ codes: { ...wishes.codes, [id]: undefined } });
                    }}
                  >
                    <RotateCcw size={12} aria-hidden />
                  </ActionIcon>
                )}
                <Button
                  size="compact-xs"
                  variant="subtle"
                  color="gray"
                  onClick={() => setListening(id)}
                  aria-label={t('shortcut.change', { name: t(`shortcut.${id}`) })}
                >
                  {listening === id ? t('shortcut.press') : <Kbd keys={keysOf(id)} />}
                </Button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </Section>
  );
}
