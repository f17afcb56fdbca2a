import { ActionIcon, Button, Menu, Select, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, MapPin, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { addAddress, cardKeys, removeAddress, saveAddress } from '@/api/cards';
import { useErrorText, useMe, useReport } from '@/api/react';
import { addressKinds, type Address, type NewAddress } from '@/api/types';
import { countryCodes } from '@/lib/countries';
import { useDraft } from '@/lib/draft';
import { useCode, useT } from '@/lib/i18n';
import { Section } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './client.module.css';

/** Where the client lives, works, or has things sent. */
export function Addresses(props: { clientId: number; addresses: Address[]; editable: boolean }) {
  const { clientId, addresses } = props;
  const t = useT();
  const [editing, setEditing] = useState<number | 'new' | null>(null);
  const done = () => setEditing(null);
  return (
    <Section
      title={t('address.title')}
      testId="addresses"
      actions={
        props.editable && (
          <ActionIcon
            aria-label={t('address.add')}
            title={t('address.add')}
            onClick={() => setEditing('new')}
            data-testid="add-address"
          >
            <Plus size={15} aria-hidden />
          </ActionIcon>
        )
      }
    >
      <ul className={css.pointList}>
        {addresses.map((address) =>
          editing === address.id ? (
            <li key={address.id}>
              <AddressForm clientId={clientId} address={address} onDone={done} />
            </li>
          ) : (
            <Row
              key={address.id}
              clientId={clientId}
              address={address}
              editable={props.editable}
              onEdit={() => setEditing(address.id)}
            />
          ),
        )}
        {addresses.length === 0 && editing !== 'new' && <li className="soft">{t('address.none')}</li>}
        {editing === 'new' && (
          <li>
            <AddressForm clientId={clientId} onDone={done} />
          </li>
        )}
      </ul>
    </Section>
  );
}

function useRefresh(clientId: number) {
  const cache = useQueryClient();
  return () => cache.invalidateQueries({ queryKey: cardKeys.one(clientId) });
}

function Row(props: { clientId: number; address: Address; editable: boolean; onEdit(): void }) {
  const { clientId, address } = props;
  const t = useT();
  const code = useCode();
  const intl = useIntl();
  const report = useReport();
  const toast = useToast();
  const refresh = useRefresh(clientId);
  const remove = useMutation({
    mutationFn: () => removeAddress(clientId, address.id),
    onSuccess: ({ kind, label, street, postal_code, city, region, country }) => {
      const was = { kind, label, street, postal_code, city, region, country };
      void refresh();
      toast.done(t('address.removed'), () => void addAddress(clientId, was).then(refresh).catch(report));
    },
    onError: report,
  });
  const place = [address.postal_code, address.city].filter(Boolean).join(' ');
  const country = address.country
    ? (intl.formatDisplayName(address.country, { type: 'region' }) ?? address.country)
    : '';
  const lines = [address.street, [place, address.region].filter(Boolean).join(', '), country].filter(Boolean);
  return (
    <li className={css.point} data-testid="address">
      <MapPin size={14} className={css.kind} aria-hidden />
      <div className="grow">
        <span className={css.address}>{lines.join(', ')}</span>
        <span className="whisper truncate">
          {[code('address.kind', address.kind), address.label].filter(Boolean).join(' · ')}
        </span>
      </div>
      {props.editable && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={t('action.more')} data-testid="address-menu">
              <Ellipsis size={15} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Pencil size={14} aria-hidden />} onClick={props.onEdit} data-testid="edit-address">
              {t('action.edit')}
            </Menu.Item>
            <Menu.Item
              leftSection={<Trash2 size={14} aria-hidden />}
              onClick={() => remove.mutate()}
              data-testid="remove-address"
            >
              {t('action.remove')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

const texts = ['street', 'postal_code', 'city', 'region'] as const;

function AddressForm(props: { clientId: number; address?: Address; onDone(): void }) {
  const { clientId, address, onDone } = props;
  const t = useT();
  const code = useCode();
  const intl = useIntl();
  const me = useMe();
  const errorText = useErrorText();
  const refresh = useRefresh(clientId);
  const draft = useDraft<Required<NewAddress>>(`client.${clientId}.address.${address?.id ?? 'new'}`, {
    kind: address?.kind ?? 'main',
    label: address?.label ?? '',
    street: address?.street ?? '',
    postal_code: address?.postal_code ?? '',
    city: address?.city ?? '',
    region: address?.region ?? '',
    country: address ? (address.country ?? '') : me.firm.country,
  });
  const fields = draft.value;
  const close = () => {
    draft.clear();
    onDone();
  };
  const save = useMutation({
    mutationFn: () => (address ? saveAddress(clientId, address.id, fields) : addAddress(clientId, fields)),
    onSuccess: async () => {
      await refresh();
      close();
    },
  });
  return (
    <form
      className={css.pointForm}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
      onKeyDown={(event) => event.key === 'Escape' && close()}
      data-testid="address-form"
    >
      <div className="row">
        <Select
          aria-label={t('address.kind')}
          w={116}
          allowDeselect={false}
          value={fields.kind}
          onChange={(kind) => kind && draft.patch({ kind: kind as Address['kind'] })}
          data={addressKinds.map((kind) => ({ value: kind, label: code('address.kind', kind) }))}
        />
        <TextInput
          className="grow"
          aria-label={t('client.point_label')}
          placeholder={t('client.point_label')}
          maxLength={60}
          value={fields.label}
          onChange={(event) => draft.patch({ label: event.currentTarget.value })}
        />
      </div>
      <div className={css.addressGrid}>
        {texts.map((name) => (
          <TextInput
            key={name}
            autoFocus={name === 'street'}
            aria-label={t(`address.${name}`)}
            placeholder={t(`address.${name}`)}
            value={fields[name]}
            onChange={(event) => draft.patch({ [name]: event.currentTarget.value })}
            data-testid={`address-${name}`}
          />
        ))}
        <Select
          aria-label={t('address.country')}
          placeholder={t('address.country')}
          searchable
          clearable
          value={fields.country || null}
          onChange={(country) => draft.patch({ country: country ?? '' })}
          data={countryCodes.map((each) => ({
            value: each,
            label: intl.formatDisplayName(each, { type: 'region' }) ?? each,
          }))}
        />
      </div>
      {save.isError && (
        <p role="alert" className={css.error}>
          {errorText(save.error)}
        </p>
      )}
      <div className="row">
        <Button type="submit" size="compact-sm" loading={save.isPending} data-testid="address-save">
          {t('action.save')}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={close}>
          {t('action.cancel')}
        </Button>
      </div>
    </form>
  );
}
