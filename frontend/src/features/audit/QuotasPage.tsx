import { Button, NumberInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { auditKeys, quotasQuery, saveQuotas } from '@/api/audit';
import { useCan, useErrorText } from '@/api/react';
import type { Quota, ReaderKind } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useCode, useT } from '@/lib/i18n';
import { Failed, SkeletonRows } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './audit.module.css';

const kinds: ReaderKind[] = ['cards', 'numbers', 'searches', 'pages', 'recordings', 'exports'];

/** How much each role may look at in an hour and in a day. */
export function QuotasPage() {
  const errorText = useErrorText();
  const query = useQuery(quotasQuery);
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (!query.data) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  return <Form stored={query.data.items} />;
}

function Form(props: { stored: Quota[] }) {
  const t = useT();
  const code = useCode();
  const can = useCan();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const draft = useDraft('quotas', { items: props.stored });
  const items = draft.value.items;
  const editable = can('settings.write');
  const roles = [...new Set(items.map((each) => each.role))];
  const save = useMutation({
    mutationFn: () => saveQuotas(items),
    onSuccess: (saved) => {
      cache.setQueryData(auditKeys.quotas, saved);
      draft.clear();
      toast.done(t('settings.saved'));
    },
  });
  const set = (role: string, kind: ReaderKind, period: 'per_hour' | 'per_day', value: string | number) =>
    draft.patch({
      items: items.map((each) =>
        each.role === role && each.kind === kind ? { ...each, [period]: value === '' ? null : Number(value) } : each,
      ),
    });
  return (
    <form
      className={css.quotas}
      data-testid="quotas-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <p className="soft">{t('quotas.help')}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('quotas.role')}</th>
            {kinds.map((kind) => (
              <th scope="col" key={kind}>
                {t(`audit.kind.${kind}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {roles.map((role) => (
            <tr key={role || 'rest'}>
              <th scope="row">{role ? code('role', role) : t('quotas.rest')}</th>
              {kinds.map((kind) => {
                const quota = items.find((each) => each.role === role && each.kind === kind);
                return (
                  <td key={kind}>
                    {quota && (
                      <Pair
                        quota={quota}
                        label={`${role ? code('role', role) : t('quotas.rest')}, ${t(`audit.kind.${kind}`)}`}
                        readOnly={!editable}
                        onChange={(period, value) => set(role, kind, period, value)}
                      />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {save.isError && (
        <p role="alert" className={css.bad}>
          {errorText(save.error)}
        </p>
      )}
      {editable && (
        <div className="row">
          <Button type="submit" disabled={!draft.dirty} loading={save.isPending} data-testid="quotas-save">
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

function Pair(props: {
  quota: Quota;
  label: string;
  readOnly: boolean;
  onChange(period: 'per_hour' | 'per_day', value: string | number): void;
}) {
  const t = useT();
  const { quota } = props;
  const field = (period: 'per_hour' | 'per_day', name: string) => (
    <NumberInput
      size="xs"
      w={104}
      hideControls
      min={0}
      max={1_000_000}
      allowDecimal={false}
      readOnly={props.readOnly}
      placeholder={t('quotas.no_limit')}
      rightSection={<span className="whisper">{name}</span>}
      rightSectionWidth={38}
      aria-label={`${props.label}, ${name}`}
      value={quota[period] ?? ''}
      onChange={(value) => props.onChange(period, value)}
      data-testid={`quota-${quota.role || 'rest'}-${quota.kind}-${period}`}
    />
  );
  return (
    <span className={css.pair}>
      {field('per_hour', t('quotas.per_hour'))}
      {field('per_day', t('quotas.per_day'))}
    </span>
  );
}
