import { Checkbox, Radio, Select, TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { useIntl } from 'react-intl';
import { useMe } from '@/api/react';
import type { ImportPolicy } from '@/api/types';
import { countryCodes } from '@/lib/countries';
import { useT } from '@/lib/i18n';
import type { StepProps } from './ImportPage';
import css from './exchange.module.css';

const ways = ['fill', 'overwrite', 'skip', 'new'] as const;

/** What happens with rows of clients who are known already. */
export function DuplicatesStep({ item, change }: StepProps) {
  const t = useT();
  const intl = useIntl();
  const { firm } = useMe();
  const { policy } = item;
  const set = (part: Partial<ImportPolicy>) => change({ policy: { ...policy, ...part } });
  const countries = useMemo(
    () =>
      countryCodes.map((code) => ({ value: code, label: intl.formatDisplayName(code, { type: 'region' }) ?? code })),
    [intl],
  );
  return (
    <div className="stack" style={{ gap: 20, maxWidth: 640 }} data-testid="import-duplicates">
      <Radio.Group
        label={t('import.on_match')}
        value={policy.on_match}
        onChange={(value) => set({ on_match: value as ImportPolicy['on_match'] })}
      >
        <div className="stack" style={{ gap: 8, marginTop: 6 }}>
          {ways.map((way) => (
            <Radio
              key={way}
              value={way}
              label={t(`import.on_match.${way}`)}
              description={t(`import.on_match.${way}.text`)}
              data-testid={`on-match-${way}`}
            />
          ))}
        </div>
      </Radio.Group>
      {policy.on_match !== 'new' && (
        <fieldset className="stack" style={{ gap: 8, margin: 0, padding: 0, border: 0 }}>
          <legend className="strong">{t('import.match_by')}</legend>
          <Checkbox
            label={t('import.by_number')}
            checked={policy.by_number}
            onChange={(event) => set({ by_number: event.currentTarget.checked })}
          />
          <Checkbox
            label={t('import.by_email')}
            checked={policy.by_email}
            onChange={(event) => set({ by_email: event.currentTarget.checked })}
          />
          <Checkbox
            label={t('import.by_id')}
            checked={policy.by_id}
            onChange={(event) => set({ by_id: event.currentTarget.checked })}
          />
          <p className={css.note}>{t('import.match_hint')}</p>
        </fieldset>
      )}
      <Select
        label={t('import.country')}
        description={t('import.country.text')}
        w={320}
        searchable
        value={policy.country || firm.country}
        onChange={(country) => country && set({ country })}
        data={countries}
        data-testid="import-country"
      />
      <TextInput
        key={policy.save_as}
        label={t('import.save_as')}
        description={t('import.save_as.text')}
        w={320}
        maxLength={100}
        defaultValue={policy.save_as ?? ''}
        onBlur={(event) => {
          const name = event.currentTarget.value.trim();
          if (name !== (policy.save_as ?? '')) set({ save_as: name });
        }}
        data-testid="import-save-as"
      />
    </div>
  );
}
