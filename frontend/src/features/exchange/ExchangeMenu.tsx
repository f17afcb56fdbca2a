import { ActionIcon, Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { Ellipsis, FileDown, Files, FileUp } from 'lucide-react';
import { useState } from 'react';
import type { ListQuery } from '@/api/exchange';
import { useCan } from '@/api/react';
import { useT } from '@/lib/i18n';
import { ExportDialog } from './ExportDialog';

/** The doors of the client base through which lists come in and go out. */
export function ExchangeMenu(props: { query: ListQuery }) {
  const t = useT();
  const can = useCan();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const takes = can('clients.export');
  const decides = can('exports.approve');
  if (!can('clients.import') && !takes && !decides) return null;
  return (
    <>
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
          {takes && (
            <Menu.Item
              leftSection={<FileDown size={14} aria-hidden />}
              onClick={() => setAsking(true)}
              data-testid="open-export"
            >
              {t('export.open')}
            </Menu.Item>
          )}
          {(takes || decides) && (
            <Menu.Item
              leftSection={<Files size={14} aria-hidden />}
              onClick={() => void navigate({ to: '/exports', search: {} })}
              data-testid="open-exports"
            >
              {t('export.open_all')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {takes && <ExportDialog opened={asking} onClose={() => setAsking(false)} query={props.query} />}
    </>
  );
}
