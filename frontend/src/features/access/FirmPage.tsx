import { Button, MultiSelect, NumberInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useIntl } from 'react-intl';
import { useCan, useErrorText, useMe } from '@/api/react';
import { saveFirm, sessionKeys } from '@/api/session';
import { countryCodes } from '@/lib/countries';
import { useDraft } from '@/lib/draft';
import { useCode, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Section } from '@/ui/kit';

const secondRoles = ['operator', 'manager', 'supervisor', 'admin'];

/** The firm: its zone and money, where it may call, and when a lead is late. */
export function FirmPage() {
  const t = useT();
  const can = useCan();
  const code = useCode();
  const intl = useIntl();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const { firm } = useMe();
  const editable = can('settings.write');
  const draft = useDraft('firm', {
    ...firm,
    allowed_countries: firm.allowed_countries ?? [],
    second_factor_roles: firm.second_factor_roles ?? [],
  });
  const fields = draft.value;
  const countries = useMemo(
    () =>
      countryCodes
        .map((code) => ({ value: code, label: intl.formatDisplayName(code, { type: 'region' }) ?? code }))
        .sort((a, b) => a.label.localeCompare(b.label, intl.locale)),
    [intl],
  );
  const zones = useMemo(() => Intl.supportedValuesOf('timeZone'), []);
  const save = useMutation({
    mutationFn: () => saveFirm(fields),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: sessionKeys.me });
      draft.clear();
      toast.done(t('settings.saved'));
    },
  });
  const seconds = (name: 'lead_warn_seconds' | 'lead_breach_seconds', label: string) => (
    <NumberInput
      className="grow"
      label={label}
      suffix={` ${t('unit.min')}`}
      min={1}
      readOnly={!editable}
      value={Math.round(fields[name] / 60)}
      onChange={(value) => draft.patch({ [name]: Number(value) * 60 })}
      data-testid={`firm-${name}`}
    />
  );
  return (
    <form
      className="stack"
      style={{ maxWidth: 560, padding: 20 }}
      data-testid="firm-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label={t('firm.name')}
        value={fields.name}
        readOnly={!editable}
        onChange={(event) => draft.patch({ name: event.currentTarget.value })}
        data-testid="firm-name"
      />
      <div className="row">
        <Select
          className="grow"
          label={t('firm.country')}
          searchable
          disabled={!editable}
          value={fields.country}
          onChange={(country) => country && draft.patch({ country })}
          data={countries}
        />
        <Select
          className="grow"
          label={t('firm.zone')}
          searchable
          limit={60}
          disabled={!editable}
          value={fields.time_zone}
          onChange={(zone) => zone && draft.patch({ time_zone: zone })}
          data={zones}
        />
        <TextInput
          w={90}
          label={t('firm.currency')}
          value={fields.currency}
          readOnly={!editable}
          maxLength={3}
          onChange={(event) => draft.patch({ currency: event.currentTarget.value.toUpperCase() })}
        />
      </div>
      <MultiSelect
        label={t('firm.second_roles')}
        description={t('firm.second_roles.help')}
        disabled={!editable}
        value={fields.second_factor_roles}
        onChange={(list) => draft.patch({ second_factor_roles: list })}
        data={secondRoles.map((role) => ({ value: role, label: code('role', role) }))}
        data-testid="firm-second-roles"
      />
      <Section title={t('firm.calling')}>
        <div className="stack">
          <MultiSelect
            label={t('firm.allowed')}
            description={t('firm.allowed.help')}
            searchable
            disabled={!editable}
            value={fields.allowed_countries}
            onChange={(list) => draft.patch({ allowed_countries: list })}
            data={countries}
            data-testid="firm-countries"
          />
          <div className="row">
            <NumberInput
              className="grow"
              label={t('firm.cap_user')}
              min={1}
              readOnly={!editable}
              value={fields.per_user_calls_per_minute}
              onChange={(value) => draft.patch({ per_user_calls_per_minute: Number(value) })}
            />
            <NumberInput
              className="grow"
              label={t('firm.cap_all')}
              min={1}
              readOnly={!editable}
              value={fields.calls_per_minute}
              onChange={(value) => draft.patch({ calls_per_minute: Number(value) })}
            />
          </div>
        </div>
      </Section>
      <Section title={t('firm.thresholds')}>
        <div className="row">
          {seconds('lead_warn_seconds', t('firm.warn'))}
          {seconds('lead_breach_seconds', t('firm.breach'))}
        </div>
      </Section>
      {save.isError && (
        <p role="alert" style={{ color: 'var(--c-bad)', margin: 0 }}>
          {errorText(save.error)}
        </p>
      )}
      {editable && (
        <div className="row">
          <Button type="submit" disabled={!draft.dirty} loading={save.isPending} data-testid="firm-save">
            {t('action.save')}
          </Button>
          {draft.dirty && (
            <Button variant="subtle" color="gray" onClick={draft.clear}>
              {t('action.discard')}
            </Button>
          )}
        </div>
      )}
    </form>
  );
}
