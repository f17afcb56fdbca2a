import { ActionIcon, Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Ellipsis, FileUp } from 'lucide-react';
import { useCan } from '@/api/react';
import { useT } from '@/lib/i18n';

/** The doors of the client base through which lists come in and go out. */
export function ExchangeMenu() {
  const t = useT();
  const can = useCan();
  const navigate = useNavigate();
  if (!can('clients.import')) return null;
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label={t('action.more')} data-testid="exchange-menu">
          <Ellipsis size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {can('clients.import') && (
          <Menu.Item
            leftSection={<FileUp size={14} aria-hidden />}
            onClick={() => void navigate({ to: '/imports' })}
            data-testid="open-imports"
          >
            {t('import.open')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
