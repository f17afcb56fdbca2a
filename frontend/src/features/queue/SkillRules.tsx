import { ActionIcon, Button, NumberInput, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import type { CSSProperties } from 'react';
import { skillsQuery } from '@/api/queues';
import type { QueueSkillRule } from '@/api/types';
import { useT } from '@/lib/i18n';
import css from './queue.module.css';

/** What callers need of who answers: the less of it the longer they wait, as a picture and as numbers. */
export function SkillRules(props: {
  rules: QueueSkillRule[];
  editable: boolean;
  onChange(rules: QueueSkillRule[]): void;
}) {
  const t = useT();
  const skills = useQuery(skillsQuery).data ?? [];
  const { rules, editable } = props;
  const change = (at: number, steps: QueueSkillRule['steps']) =>
    props.onChange(rules.map((rule, place) => (place === at ? { ...rule, steps } : rule)));
  const left = skills.filter((skill) => !rules.some((rule) => rule.skill_id === skill.id));
  return (
    <div className="stack" data-testid="queue-skills">
      {rules.map((rule, at) => (
        <div key={rule.skill_id} className="stack">
          <div className="row">
            <span className="strong grow">{skills.find((skill) => skill.id === rule.skill_id)?.name}</span>
            {editable && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('queue.skill.remove')}
                onClick={() => props.onChange(rules.filter((each) => each !== rule))}
              >
                <X size={14} />
              </ActionIcon>
            )}
          </div>
          <div className={css.relax} aria-hidden>
            {rule.steps.map((step, place) => (
              <span key={place} style={{ '--level': step.level } as CSSProperties}>
                {step.level ? t('queue.skill.level', { level: step.level }) : t('queue.skill.anybody')}
                <small className="whisper">{t('queue.skill.after', { seconds: step.after_seconds })}</small>
              </span>
            ))}
          </div>
          {editable &&
            rule.steps.map((step, place) => (
              <div className="row" key={place}>
                <NumberInput
                  size="xs"
                  className="grow"
                  label={t('queue.skill.after_label')}
                  suffix={` ${t('unit.s')}`}
                  min={0}
                  max={7200}
                  value={step.after_seconds}
                  onChange={(value) =>
                    change(
                      at,
                      rule.steps.map((each) => (each === step ? { ...each, after_seconds: Number(value) } : each)),
                    )
                  }
                />
                <NumberInput
                  size="xs"
                  className="grow"
                  label={t('queue.skill.level_label')}
                  min={0}
                  max={100}
                  value={step.level}
                  onChange={(value) =>
                    change(
                      at,
                      rule.steps.map((each) => (each === step ? { ...each, level: Number(value) } : each)),
                    )
                  }
                />
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  disabled={rule.steps.length === 1}
                  aria-label={t('queue.skill.remove_step')}
                  onClick={() =>
                    change(
                      at,
                      rule.steps.filter((each) => each !== step),
                    )
                  }
                >
                  <X size={14} />
                </ActionIcon>
              </div>
            ))}
          {editable && (
            <div>
              <Button
                size="xs"
                variant="subtle"
                leftSection={<Plus size={14} aria-hidden />}
                onClick={() => {
                  const last = rule.steps.at(-1);
                  change(at, [
                    ...rule.steps,
                    { after_seconds: (last?.after_seconds ?? 0) + 30, level: Math.max(0, (last?.level ?? 70) - 30) },
                  ]);
                }}
              >
                {t('queue.skill.add_step')}
              </Button>
            </div>
          )}
        </div>
      ))}
      {editable && left.length > 0 && (
        <Select
          aria-label={t('queue.skill.add')}
          placeholder={t('queue.skill.add')}
          value={null}
          onChange={(id) =>
            id && props.onChange([...rules, { skill_id: Number(id), steps: [{ after_seconds: 0, level: 70 }] }])
          }
          data={left.map((skill) => ({ value: String(skill.id), label: skill.name }))}
          data-testid="queue-add-skill"
        />
      )}
    </div>
  );
}
