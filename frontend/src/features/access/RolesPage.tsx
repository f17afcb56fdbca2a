import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Copy, KeyRound, PencilLine } from 'lucide-react';
import { useState } from 'react';
import { useCan, useErrorText, useMe, useReport } from '@/api/react';
import { addRole, removeRole, resetRole, roleKeys, rolesQuery, saveRole, type Role, type RoleBook } from '@/api/roles';
import { sessionKeys, usersQuery } from '@/api/session';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { Badge, Empty, Failed, Section, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';
import { useToast } from '@/ui/toast';
import { FieldRules, RecordMatrix, RightList } from './RoleMatrix';
import { useRoleName } from './roleName';
import css from './roles.module.css';

/** The roles: what each of them gives, and who has it. */
export function RolesPage() {
  const t = useT();
  const errorText = useErrorText();
  const nameOf = useRoleName();
  const query = useQuery(rolesQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (query.isError) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  const book = query.data;
  const current = book.items.find((role) => role.key === chosen);
  return (
    <SplitView
      label={t('settings.roles')}
      items={book.items.map((role, index) => ({
        id: index + 1,
        title: nameOf(role),
        note: t('role.people', { count: role.user_ids.length }),
        mark: role.edited ? <Badge icon={PencilLine}>{t('role.edited')}</Badge> : null,
        testId: `role-${role.key}`,
      }))}
      chosen={current ? book.items.indexOf(current) + 1 : null}
      onChoose={(id) => setChosen(book.items[id - 1]?.key ?? null)}
      add={null}
    >
      {current ? (
        <RoleForm key={current.key} book={book} role={current} onDone={setChosen} />
      ) : (
        <Empty icon={KeyRound} title={t('role.choose')}>
          {t('role.help')}
        </Empty>
      )}
    </SplitView>
  );
}

function RoleForm(props: { book: RoleBook; role: Role; onDone(key: string | null): void }) {
  const { book, role } = props;
  const t = useT();
  const me = useMe();
  const toast = useToast();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const nameOf = useRoleName();
  const editable = useCan()('users.write') && role.key !== 'owner';
  const draft = useDraft(`role.${role.key}`, {
    name: role.name,
    records: role.records,
    rights: role.rights,
    fields: role.fields,
  });
  const value = draft.value;
  const fresh = async (text: string, key: string | null) => {
    await cache.invalidateQueries({ queryKey: roleKeys.roles });
    void cache.invalidateQueries({ queryKey: sessionKeys.me });
    draft.clear();
    toast.done(text);
    props.onDone(key);
  };
  const save = useMutation({
    mutationFn: () => saveRole(role.key, value),
    onSuccess: () => fresh(t('settings.saved'), role.key),
  });
  const copy = useMutation({
    mutationFn: () => addRole(t('role.copy_of', { name: nameOf(role) }), role.key),
    onSuccess: (made) => fresh(t('role.copied'), made.key),
    onError: report,
  });
  const reset = useMutation({
    mutationFn: () => resetRole(role.key),
    onSuccess: () => fresh(t('role.was_reset'), role.key),
    onError: report,
  });
  const remove = useMutation({
    mutationFn: () => removeRole(role.key),
    onSuccess: () => fresh(t('role.removed'), null),
    onError: report,
  });
  const locksOut =
    me.user.roles.length === 1 &&
    me.user.roles[0] === role.key &&
    role.rights.includes('users.write') &&
    !value.rights.includes('users.write');
  return (
    <form
      className={css.form}
      data-testid="role-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className={css.head}>
        <TextInput
          className="grow"
          label={t('role.name')}
          placeholder={nameOf({ ...role, name: '' })}
          value={value.name}
          readOnly={!editable}
          maxLength={60}
          onChange={(event) => draft.patch({ name: event.currentTarget.value })}
          data-testid="role-name"
        />
        <Button
          variant="default"
          leftSection={<Copy size={14} aria-hidden />}
          loading={copy.isPending}
          onClick={() => copy.mutate()}
          data-testid="role-copy"
        >
          {t('role.copy')}
        </Button>
      </div>
      <Holders role={role} />
      <Section title={t('role.records')}>
        <RecordMatrix
          kinds={book.kinds}
          value={value.records}
          editable={editable}
          onChange={(records) => draft.patch({ records })}
        />
      </Section>
      <Section title={t('role.fields')}>
        <FieldRules
          fields={book.fields}
          value={value.fields}
          editable={editable}
          onChange={(fields) => draft.patch({ fields })}
        />
      </Section>
      <Section title={t('role.rights')}>
        <RightList
          rights={book.rights}
          value={value.rights}
          editable={editable}
          onChange={(rights) => draft.patch({ rights })}
        />
      </Section>
      {role.key === 'owner' && <p className="soft">{t('role.owner_whole')}</p>}
      {locksOut && (
        <p role="alert" className={css.warning} data-testid="role-locks-out">
          {t('role.locks_out')}
        </p>
      )}
      {save.isError && (
        <p role="alert" className={css.warning}>
          {errorText(save.error)}
        </p>
      )}
      {editable && (
        <div className={css.actions}>
          <Button type="submit" disabled={!draft.dirty} loading={save.isPending} data-testid="role-save">
            {locksOut ? t('role.save_anyway') : t('action.save')}
          </Button>
          {draft.dirty && (
            <Button variant="subtle" color="gray" onClick={draft.clear}>
              {t('action.discard')}
            </Button>
          )}
          <span className="grow" />
          {role.edited && (
            <Button variant="default" onClick={() => reset.mutate()} data-testid="role-reset">
              {t('role.reset')}
            </Button>
          )}
          {!role.builtin && (
            <Button
              variant="default"
              color="red"
              disabled={role.user_ids.length > 0}
              title={role.user_ids.length > 0 ? t('role.held') : undefined}
              onClick={() => remove.mutate()}
              data-testid="role-remove"
            >
              {t('role.remove')}
            </Button>
          )}
        </div>
      )}
    </form>
  );
}

function Holders(props: { role: Role }) {
  const t = useT();
  const users = useQuery(usersQuery).data ?? [];
  const names = props.role.user_ids.map((id) => users.find((user) => user.id === id)?.name ?? '').filter(Boolean);
  return (
    <p className="soft" data-testid="role-holders">
      {names.length > 0 ? t('role.holders', { names: names.join(', ') }) : t('role.nobody')}
    </p>
  );
}
