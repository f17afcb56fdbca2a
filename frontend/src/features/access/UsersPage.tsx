import { Button, MultiSelect, PasswordInput, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CircleSlash, Plus, Users } from 'lucide-react';
import { useState } from 'react';
import { useCan, useErrorText } from '@/api/react';
import { rolesQuery } from '@/api/roles';
import { endUserSessions, resetSecondFactor } from '@/api/security';
import { createUser, saveUser, sessionKeys, setPassword, usersQuery } from '@/api/session';
import type { User } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { localeNames, locales, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Badge, Empty, Failed, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';
import { Deputies } from './Deputies';
import { useRoleName } from './roleName';

/** Who works here, with which rights and which telephone. */
export function UsersPage() {
  const t = useT();
  const can = useCan();
  const nameOf = useRoleName();
  const errorText = useErrorText();
  const query = useQuery(usersQuery);
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  const rows = query.data ?? [];
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (query.isError && rows.length === 0) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  const current = rows.find((row) => row.id === chosen);
  const editable = can('users.write');
  return (
    <SplitView
      label={t('settings.users')}
      items={rows.map((user) => ({
        id: user.id,
        title: user.name,
        note: `${user.login} · ${(user.roles ?? []).map((role) => nameOf(role)).join(', ')}`,
        mark: user.active ? null : <Badge icon={CircleSlash}>{t('user.inactive')}</Badge>,
        testId: 'user-row',
      }))}
      chosen={chosen}
      onChoose={setChosen}
      add={
        editable && (
          <Button
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setChosen('new')}
            data-testid="new-user"
          >
            {t('user.new')}
          </Button>
        )
      }
    >
      {chosen === 'new' || current ? (
        <UserForm key={String(chosen)} user={current} editable={editable} onDone={setChosen} />
      ) : (
        <Empty icon={Users} title={t('user.choose')}>
          {t('user.help')}
        </Empty>
      )}
    </SplitView>
  );
}

function UserForm(props: { user: User | undefined; editable: boolean; onDone(id: number): void }) {
  const { user, editable } = props;
  const t = useT();
  const nameOf = useRoleName();
  const roles = useQuery(rolesQuery).data?.items ?? [];
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const [secret, setSecret] = useState('');
  const [mustChange, setMustChange] = useState(true);
  const draft = useDraft(`user.${user?.id ?? 'new'}`, {
    login: user?.login ?? '',
    name: user?.name ?? '',
    roles: user?.roles ?? ['operator'],
    locale: user?.locale ?? 'en',
    phone_kind: user?.phone_kind ?? ('browser' as User['phone_kind']),
    active: user?.active ?? true,
  });
  const fields = draft.value;
  const save = useMutation({
    mutationFn: async () => {
      const { login, active, ...rest } = fields;
      if (!user) return createUser({ login, ...rest, password: secret, must_change_password: mustChange });
      const saved = await saveUser(user.id, { ...rest, active });
      if (secret) await setPassword(user.id, secret, mustChange);
      return saved;
    },
    onSuccess: async (saved) => {
      await cache.invalidateQueries({ queryKey: sessionKeys.users });
      draft.clear();
      setSecret('');
      toast.done(t('settings.saved'));
      props.onDone(saved.id);
    },
  });
  const ready = fields.name.trim() !== '' && fields.login.trim() !== '' && fields.roles.length > 0 && (user || secret);
  return (
    <form
      className="stack"
      data-testid="user-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) save.mutate();
      }}
    >
      <TextInput
        label={t('user.name')}
        value={fields.name}
        readOnly={!editable}
        onChange={(event) => draft.patch({ name: event.currentTarget.value })}
        data-testid="user-name"
      />
      <TextInput
        label={t('login.login')}
        value={fields.login}
        readOnly={!editable || Boolean(user)}
        autoComplete="off"
        onChange={(event) => draft.patch({ login: event.currentTarget.value })}
        data-testid="user-login"
      />
      <MultiSelect
        label={t('user.roles')}
        value={fields.roles}
        disabled={!editable}
        onChange={(next) => draft.patch({ roles: next })}
        data={roles.map((role) => ({ value: role.key, label: nameOf(role) }))}
        data-testid="user-roles"
      />
      <div className="row">
        <Select
          className="grow"
          label={t('profile.language')}
          value={fields.locale}
          disabled={!editable}
          onChange={(locale) => locale && draft.patch({ locale })}
          data={locales.map((locale) => ({ value: locale, label: localeNames[locale] }))}
        />
        <Select
          className="grow"
          label={t('user.phone')}
          value={fields.phone_kind}
          disabled={!editable}
          onChange={(kind) => kind && draft.patch({ phone_kind: kind as User['phone_kind'] })}
          data={[
            { value: 'browser', label: t('user.phone.browser') },
            { value: 'desk', label: t('user.phone.desk') },
          ]}
        />
      </div>
      {editable && (
        <>
          <PasswordInput
            label={user ? t('user.new_password') : t('login.password')}
            value={secret}
            autoComplete="new-password"
            onChange={(event) => setSecret(event.currentTarget.value)}
            error={save.isError ? errorText(save.error) : undefined}
            data-testid="user-password"
          />
          {secret !== '' && (
            <Switch
              label={t('user.must_change')}
              checked={mustChange}
              onChange={(event) => setMustChange(event.currentTarget.checked)}
              data-testid="user-must-change"
            />
          )}
          {user && (
            <Switch
              label={t('user.active')}
              checked={fields.active}
              onChange={(event) => draft.patch({ active: event.currentTarget.checked })}
              data-testid="user-active"
            />
          )}
          {user && <Doors user={user} />}
          <div className="row">
            <Button
              type="submit"
              disabled={!ready || (!draft.dirty && !secret)}
              loading={save.isPending}
              data-testid="user-save"
            >
              {t('action.save')}
            </Button>
            {draft.dirty && (
              <Button variant="subtle" color="gray" onClick={draft.clear}>
                {t('action.discard')}
              </Button>
            )}
          </div>
        </>
      )}
      {user && <Deputies userId={user.id} editable={editable} />}
    </form>
  );
}

/** What of a person's doors others may close: browsers, and a second factor that was lost. */
function Doors(props: { user: User }) {
  const { user } = props;
  const t = useT();
  const can = useCan();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const options = (done: string) => ({
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: sessionKeys.users });
      toast.done(done);
    },
    onError: (error: unknown) => toast.failed(errorText(error)),
  });
  const end = useMutation({ mutationFn: () => endUserSessions(user.id), ...options(t('sessions.ended')) });
  const reset = useMutation({ mutationFn: () => resetSecondFactor(user.id), ...options(t('second.was_reset')) });
  return (
    <div className="row">
      {can('sessions.manage') && (
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate()} data-testid="user-end-sessions">
          {t('sessions.end_everywhere')}
        </Button>
      )}
      {user.second_factor && (
        <Button
          variant="default"
          loading={reset.isPending}
          onClick={() => reset.mutate()}
          data-testid="user-reset-second"
        >
          {t('second.reset')}
        </Button>
      )}
    </div>
  );
}
