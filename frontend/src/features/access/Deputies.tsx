import { ActionIcon, Button, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Trash2, UserRoundCheck } from 'lucide-react';
import { useState } from 'react';
import { useErrorText, useReport } from '@/api/react';
import { addDeputy, deputiesQuery, removeDeputy, roleKeys, type Deputy } from '@/api/roles';
import { usersQuery } from '@/api/session';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Section, SkeletonRows } from '@/ui/kit';
import css from './roles.module.css';

/** Who stands in while somebody is away, and for whom he stands in himself. */
export function Deputies(props: { userId: number; editable: boolean }) {
  const t = useT();
  const query = useQuery(deputiesQuery(props.userId));
  return (
    <Section title={t('deputy.title')} testId="deputies">
      <p className="soft">{t('deputy.help')}</p>
      {query.isPending && <SkeletonRows rows={2} />}
      <ul className={css.plain}>
        {(query.data ?? []).map((deputy) => (
          <DeputyRow key={deputy.id} deputy={deputy} userId={props.userId} editable={props.editable} />
        ))}
        {query.data?.length === 0 && <li className="soft">{t('deputy.none')}</li>}
      </ul>
      {props.editable && <DeputyForm userId={props.userId} />}
    </Section>
  );
}

function DeputyRow(props: { deputy: Deputy; userId: number; editable: boolean }) {
  const { deputy } = props;
  const t = useT();
  const report = useReport();
  const format = useFormat();
  const now = useNow(false);
  const cache = useQueryClient();
  const remove = useMutation({
    mutationFn: () => removeDeputy(deputy.id),
    onSuccess: () => cache.invalidateQueries({ queryKey: roleKeys.deputies }),
    onError: report,
  });
  const mine = deputy.user_id === props.userId;
  return (
    <li data-testid="deputy-row">
      <UserRoundCheck size={14} aria-hidden />
      <span className="grow">
        {t(mine ? 'deputy.stands_in' : 'deputy.stands_in_for', { name: mine ? deputy.deputy_name : deputy.user_name })}{' '}
        <span className="whisper">
          {format.when(deputy.starts_at, now)} – {format.when(deputy.ends_at, now)}
        </span>
      </span>
      {props.editable && mine && (
        <ActionIcon aria-label={t('deputy.end')} title={t('deputy.end')} onClick={() => remove.mutate()}>
          <Trash2 size={14} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
}

function DeputyForm(props: { userId: number }) {
  const t = useT();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const users = useQuery(usersQuery).data ?? [];
  const [who, setWho] = useState<string | null>(null);
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const add = useMutation({
    mutationFn: () =>
      addDeputy({
        user_id: props.userId,
        deputy_id: Number(who),
        starts_at: new Date(from).toISOString(),
        ends_at: new Date(until).toISOString(),
      }),
    onSuccess: async () => {
      setWho(null);
      await cache.invalidateQueries({ queryKey: roleKeys.deputies });
    },
  });
  return (
    <div className="row" style={{ alignItems: 'flex-end', flexWrap: 'wrap' }}>
      <Select
        label={t('deputy.who')}
        searchable
        value={who}
        onChange={setWho}
        error={add.isError ? errorText(add.error) : undefined}
        data={users
          .filter((user) => user.active && user.id !== props.userId)
          .map((user) => ({ value: String(user.id), label: user.name }))}
        data-testid="deputy-who"
      />
      <TextInput
        type="datetime-local"
        label={t('deputy.from')}
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
        data-testid="deputy-from"
      />
      <TextInput
        type="datetime-local"
        label={t('deputy.until')}
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
        data-testid="deputy-until"
      />
      <Button
        variant="default"
        disabled={!who || !from || !until}
        loading={add.isPending}
        onClick={() => add.mutate()}
        data-testid="deputy-add"
      >
        {t('deputy.add')}
      </Button>
    </div>
  );
}
