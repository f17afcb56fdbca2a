import { Button, MultiSelect, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Network, Plus } from 'lucide-react';
import { useState } from 'react';
import { useCan, useErrorText, useReport } from '@/api/react';
import { addTeam, removeTeam, roleKeys, saveTeam, teamsQuery, type Team } from '@/api/roles';
import { usersQuery } from '@/api/session';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { Empty, Failed, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';
import { useToast } from '@/ui/toast';

interface Branch {
  team: Team;
  depth: number;
}

/** The teams in the order of their tree, each with how deep it hangs. */
function treeOf(teams: Team[], parent: number | undefined = undefined, depth = 0): Branch[] {
  return teams
    .filter((team) => (team.parent_id ?? undefined) === parent)
    .flatMap((team) => [{ team, depth }, ...treeOf(teams, team.id, depth + 1)]);
}

/** Teams, the branches they hang under, and who is in them. */
export function TeamsPage() {
  const t = useT();
  const errorText = useErrorText();
  const editable = useCan()('users.write');
  const query = useQuery(teamsQuery);
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.isError) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  const tree = treeOf(query.data);
  const current = query.data.find((team) => team.id === chosen);
  return (
    <SplitView
      label={t('settings.teams')}
      items={tree.map(({ team, depth }) => ({
        id: team.id,
        title: `${'  '.repeat(depth)}${depth > 0 ? '└ ' : ''}${team.name}`,
        note: t('role.people', { count: team.member_ids.length }),
        testId: 'team-row',
      }))}
      chosen={chosen}
      onChoose={setChosen}
      add={
        editable && (
          <Button
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setChosen('new')}
            data-testid="new-team"
          >
            {t('team.new')}
          </Button>
        )
      }
    >
      {chosen === 'new' || current ? (
        <TeamForm key={String(chosen)} team={current} teams={query.data} editable={editable} onDone={setChosen} />
      ) : (
        <Empty icon={Network} title={query.data.length === 0 ? t('team.none') : t('team.choose')}>
          {t('team.help')}
        </Empty>
      )}
    </SplitView>
  );
}

function TeamForm(props: {
  team: Team | undefined;
  teams: Team[];
  editable: boolean;
  onDone(id: number | null): void;
}) {
  const { team, editable } = props;
  const t = useT();
  const toast = useToast();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const users = useQuery(usersQuery).data ?? [];
  const draft = useDraft(`team.${team?.id ?? 'new'}`, {
    name: team?.name ?? '',
    parent_id: team?.parent_id ?? null,
    member_ids: team?.member_ids ?? [],
  });
  const fields = draft.value;
  const done = async (id: number | null) => {
    await cache.invalidateQueries({ queryKey: roleKeys.teams });
    draft.clear();
    toast.done(t('settings.saved'));
    props.onDone(id);
  };
  const save = useMutation({
    mutationFn: () => (team ? saveTeam(team.id, fields) : addTeam(fields)),
    onSuccess: (saved) => done(saved.id),
  });
  const remove = useMutation({
    mutationFn: () => removeTeam(team?.id ?? 0),
    onSuccess: () => done(null),
    onError: report,
  });
  return (
    <form
      className="stack"
      data-testid="team-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label={t('team.name')}
        value={fields.name}
        readOnly={!editable}
        maxLength={100}
        error={save.isError ? errorText(save.error) : undefined}
        onChange={(event) => draft.patch({ name: event.currentTarget.value })}
        data-testid="team-name"
      />
      <Select
        label={t('team.parent')}
        placeholder={t('team.no_parent')}
        clearable
        searchable
        disabled={!editable}
        value={fields.parent_id ? String(fields.parent_id) : null}
        onChange={(id) => draft.patch({ parent_id: id ? Number(id) : null })}
        data={props.teams
          .filter((each) => each.id !== team?.id)
          .map((each) => ({ value: String(each.id), label: each.name }))}
        data-testid="team-parent"
      />
      <MultiSelect
        label={t('team.members')}
        searchable
        disabled={!editable}
        value={fields.member_ids.map(String)}
        onChange={(ids) => draft.patch({ member_ids: ids.map(Number) })}
        data={users
          .filter((user) => user.active || fields.member_ids.includes(user.id))
          .map((user) => ({ value: String(user.id), label: user.name }))}
        data-testid="team-members"
      />
      {editable && (
        <div className="row">
          <Button
            type="submit"
            disabled={!draft.dirty || fields.name.trim() === ''}
            loading={save.isPending}
            data-testid="team-save"
          >
            {t('action.save')}
          </Button>
          {draft.dirty && (
            <Button variant="subtle" color="gray" onClick={draft.clear}>
              {t('action.discard')}
            </Button>
          )}
          <span className="grow" />
          {team && (
            <Button variant="default" color="red" onClick={() => remove.mutate()} data-testid="team-remove">
              {t('team.remove')}
            </Button>
          )}
        </div>
      )}
    </form>
  );
}
