import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { GraduationCap, Plus } from 'lucide-react';
import { useState } from 'react';
import { addSkill, queueKeys, removeSkill, saveSkill, skillsQuery } from '@/api/queues';
import { useCan, useErrorText, useReport } from '@/api/react';
import { usersQuery } from '@/api/session';
import type { Skill } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Empty, Failed, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';
import table from '@/ui/table.module.css';

/** Skills, and how good everybody is at them. */
export function SkillsPage() {
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const query = useQuery(skillsQuery);
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  if (query.isPending) return <SkeletonRows rows={4} />;
  if (query.isError) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  const editable = can('settings.write');
  const current = query.data.find((skill) => skill.id === chosen);
  return (
    <SplitView
      label={t('settings.skills')}
      items={query.data.map((skill) => ({
        id: skill.id,
        title: skill.name,
        note: t('queue.people', { count: skill.levels.length }),
        testId: 'skill-row',
      }))}
      chosen={chosen}
      onChoose={setChosen}
      add={
        editable && (
          <Button
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setChosen('new')}
            data-testid="new-skill"
          >
            {t('skill.new')}
          </Button>
        )
      }
    >
      {chosen === 'new' || current ? (
        <SkillForm key={String(chosen)} skill={current} editable={editable} onDone={setChosen} />
      ) : (
        <Empty icon={GraduationCap} title={query.data.length === 0 ? t('skill.none') : t('skill.choose')}>
          {t('skill.help')}
        </Empty>
      )}
    </SplitView>
  );
}

function SkillForm(props: { skill: Skill | undefined; editable: boolean; onDone(id: number | null): void }) {
  const { skill, editable } = props;
  const t = useT();
  const toast = useToast();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const users = useQuery(usersQuery).data ?? [];
  const draft = useDraft(`skill.${skill?.id ?? 'new'}`, { name: skill?.name ?? '', levels: skill?.levels ?? [] });
  const fields = draft.value;
  const done = async (id: number | null) => {
    await cache.invalidateQueries({ queryKey: queueKeys.skills });
    draft.clear();
    toast.done(t('settings.saved'));
    props.onDone(id);
  };
  const save = useMutation({
    mutationFn: () => (skill ? saveSkill(skill.id, fields) : addSkill(fields)),
    onSuccess: (saved) => done(saved.id),
  });
  const remove = useMutation({
    mutationFn: () => removeSkill(skill?.id ?? 0),
    onSuccess: () => done(null),
    onError: report,
  });
  const set = (user: number, level: number) =>
    draft.patch({
      levels: [
        ...fields.levels.filter((each) => each.user_id !== user),
        ...(level > 0 ? [{ user_id: user, level }] : []),
      ].sort((a, b) => b.level - a.level || a.user_id - b.user_id),
    });
  return (
    <form
      className="stack"
      data-testid="skill-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label={t('skill.name')}
        value={fields.name}
        readOnly={!editable}
        maxLength={60}
        error={save.isError ? errorText(save.error) : undefined}
        onChange={(event) => draft.patch({ name: event.currentTarget.value })}
        data-testid="skill-name"
      />
      {fields.levels.length > 0 && (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t('queue.member')}</th>
              <th scope="col">{t('skill.level')}</th>
            </tr>
          </thead>
          <tbody>
            {fields.levels.map((level) => {
              const name = users.find((user) => user.id === level.user_id)?.name ?? `#${level.user_id}`;
              return (
                <tr key={level.user_id}>
                  <td>{name}</td>
                  <td>
                    <NumberInput
                      size="xs"
                      w={90}
                      style={{ marginLeft: 'auto' }}
                      min={0}
                      max={100}
                      readOnly={!editable}
                      aria-label={t('skill.level_of', { name })}
                      value={level.level}
                      onBlur={(event) => set(level.user_id, Number(event.currentTarget.value))}
                    />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {editable && (
        <>
          <Select
            searchable
            aria-label={t('queue.add_member')}
            placeholder={t('queue.add_member')}
            value={null}
            onChange={(id) => id && set(Number(id), 50)}
            data={users
              .filter((user) => user.active && !fields.levels.some((level) => level.user_id === user.id))
              .map((user) => ({ value: String(user.id), label: user.name }))}
            data-testid="skill-add-member"
          />
          <div className="row">
            <Button
              type="submit"
              disabled={!fields.name.trim() || !draft.dirty}
              loading={save.isPending}
              data-testid="skill-save"
            >
              {t('action.save')}
            </Button>
            {skill && (
              <Button variant="subtle" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
                {t('action.remove')}
              </Button>
            )}
          </div>
        </>
      )}
    </form>
  );
}
