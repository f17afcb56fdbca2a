import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, Phone } from 'lucide-react';
import { useState } from 'react';
import { clientQuery } from '@/api/clients';
import type { Lead } from '@/api/types';
import { useT } from '@/lib/i18n';
import type { LeadActions } from './actions';

interface Props {
  lead: Lead;
  actions: LeadActions;
  disabled: boolean;
  small?: boolean;
}

/** Whether there is anybody to call: a lead entered by hand may have a client, and no number of its own. */
export function callable(lead: Lead): boolean {
  return lead.number !== '' || Boolean(lead.client_id);
}

/** Calls the lead back; where only its client has numbers, one of them is chosen. */
export function CallBack(props: Props) {
  const t = useT();
  if (props.lead.number === '') return <CallClient {...props} />;
  return (
    <Button
      {...size(props)}
      leftSection={<Phone size={props.small ? 13 : 14} aria-hidden />}
      disabled={props.disabled}
      onClick={() => void props.actions.callBack(props.lead)}
      data-testid="call-back"
      data-lead-id={props.lead.id}
    >
      {t('lead.call_back')}
    </Button>
  );
}

function size(props: Props) {
  return props.small ? { size: 'compact-sm', variant: 'light' } : {};
}

function CallClient(props: Props) {
  const { lead } = props;
  const t = useT();
  const [opened, setOpened] = useState(false);
  const query = useQuery({ ...clientQuery(lead.client_id ?? 0), enabled: opened });
  const phones = (query.data?.contact_points ?? []).filter((each) => each.kind === 'phone');
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-start" width={260}>
      <Menu.Target>
        <Button
          {...size(props)}
          leftSection={<Phone size={props.small ? 13 : 14} aria-hidden />}
          rightSection={<ChevronDown size={13} aria-hidden />}
          disabled={props.disabled}
          data-testid="call-back"
          data-lead-id={lead.id}
        >
          {t('lead.call_back')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('lead.call_client', { name: lead.client_name || '' })}</Menu.Label>
        {phones.map((each) => (
          <Menu.Item
            key={each.id}
            rightSection={<span className="whisper">{each.label}</span>}
            onClick={() => void props.actions.callBack(lead, each.id)}
            data-testid="call-back-number"
            data-point-id={each.id}
          >
            <span className="num">{each.display || each.raw}</span>
          </Menu.Item>
        ))}
        {phones.length === 0 && (
          <Menu.Item disabled>{query.isPending ? t('state.loading') : t('lead.client_no_number')}</Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
