import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { createQueue, queueKeys, saveQueue } from '@/api/queues';
import { useErrorText } from '@/api/react';
import type { Queue } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useCode, useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Members } from './Members';
import { Overflows } from './Overflows';
import { SkillRules } from './SkillRules';
import { Versions } from './Versions';
import css from './queue.module.css';

const strategies = ['longest_idle', 'fewest_calls', 'round_robin', 'random', 'ring_all', 'linear'] as const;
const modes = ['none', 'timed', 'until_done'] as const;

const fresh = {
  active: true,
  name: '',
  members: [],
  strategy: 'longest_idle',
  priority: 0,
  weight: 100,
  ring_seconds: 20,
  retry_seconds: 10,
  max_wait_seconds: 180,
  sticky: { responsible: true, last: true, redial: true, seconds: 15, days: 30 },
  skills: [],
  overflow: [],
  wrap_up_mode: 'none',
  wrap_up_seconds: 30,
  wrap_up_code: false,
  service_seconds: 20,
  service_percent: 80,
} satisfies Omit<Queue, 'id' | 'version'>;

function settingsOf(queue: Queue): Omit<Queue, 'id' | 'version'> {
  const settings: Partial<Queue> = { ...queue };
  delete settings.id;
  delete settings.version;
  return settings as Omit<Queue, 'id' | 'version'>;
}

/** Everything of one queue, in the order in which a caller meets it. */
export function QueueForm(props: {
  queue: Queue | undefined;
  queues: Queue[];
  editable: boolean;
  onDone(id: number): void;
}) {
  const { queue, editable } = props;
  const t = useT();
  const code = useCode();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const version = queue?.version ?? 0;
  const draft = useDraft<Omit<Queue, 'id' | 'version'>>(
    `queue.${queue?.id ?? 'new'}`,
    queue ? settingsOf(queue) : fresh,
  );
  const fields = draft.value;
  const save = useMutation({
    mutationFn: () => (queue ? saveQueue(queue.id, fields) : createQueue(fields)),
    onSuccess: async (saved) => {
      await cache.invalidateQueries({ queryKey: queueKeys.all });
      draft.clear();
      toast.done(t('queue.saved', { version: saved.version }));
      props.onDone(saved.id);
    },
  });
  const number = (
    name:
      | 'ring_seconds'
      | 'retry_seconds'
      | 'max_wait_seconds'
      | 'priority'
      | 'weight'
      | 'wrap_up_seconds'
      | 'service_seconds'
      | 'service_percent',
    unit: string,
    [min, max]: [number, number],
  ) => (
    <NumberInput
      className="grow"
      label={t(`queue.${name}`)}
      suffix={` ${unit}`}
      min={min}
      max={max}
      readOnly={!editable}
      value={fields[name]}
      onChange={(value) => draft.patch({ [name]: Number(value) })}
      data-testid={`queue-${name}`}
    />
  );
  const s = t('unit.s');
  return (
    <form
      className="stack"
      data-testid="queue-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (fields.name.trim()) save.mutate();
      }}
    >
      <TextInput
        label={t('queue.name')}
        value={fields.name}
        readOnly={!editable}
        maxLength={100}
        error={save.isError ? errorText(save.error) : undefined}
        onChange={(event) => draft.patch({ name: event.currentTarget.value })}
        data-testid="queue-name"
      />
      <div className={css.group}>
        <h3>{t('queue.first')}</h3>
        <p>{t('queue.first.help')}</p>
        <div className="row">
          {(['redial', 'responsible', 'last'] as const).map((who) => (
            <Switch
              key={who}
              label={t(`queue.sticky.${who}`)}
              checked={fields.sticky[who]}
              disabled={!editable}
              onChange={(event) => draft.patch({ sticky: { ...fields.sticky, [who]: event.currentTarget.checked } })}
            />
          ))}
        </div>
        <div className="row">
          <NumberInput
            className="grow"
            label={t('queue.sticky.seconds')}
            suffix={` ${s}`}
            min={3}
            max={120}
            readOnly={!editable}
            value={fields.sticky.seconds}
            onChange={(value) => draft.patch({ sticky: { ...fields.sticky, seconds: Number(value) } })}
          />
          <NumberInput
            className="grow"
            label={t('queue.sticky.days')}
            description={t('queue.sticky.days.help')}
            min={0}
            max={3650}
            readOnly={!editable}
            value={fields.sticky.days}
            onChange={(value) => draft.patch({ sticky: { ...fields.sticky, days: Number(value) } })}
          />
        </div>
      </div>
      <div className={css.group}>
        <h3>{t('queue.then')}</h3>
        <Select
          label={t('queue.strategy')}
          description={t(`queue.strategy.${fields.strategy}.help`)}
          allowDeselect={false}
          disabled={!editable}
          value={fields.strategy}
          onChange={(strategy) => strategy && draft.patch({ strategy: strategy as Queue['strategy'] })}
          data={strategies.map((value) => ({ value, label: code('queue.strategy', value) }))}
          data-testid="queue-strategy"
        />
        <Members
          members={fields.members}
          linear={fields.strategy === 'linear'}
          editable={editable}
          onChange={(members) => draft.patch({ members })}
        />
        <SkillRules rules={fields.skills} editable={editable} onChange={(skills) => draft.patch({ skills })} />
        <div className="row">
          {number('ring_seconds', s, [3, 120])}
          {number('retry_seconds', s, [0, 600])}
          {number('max_wait_seconds', s, [5, 7200])}
        </div>
      </div>
      <div className={css.group}>
        <h3>{t('queue.else')}</h3>
        <Overflows
          rules={fields.overflow}
          queues={props.queues.filter((each) => each.id !== queue?.id && each.active)}
          editable={editable}
          onChange={(overflow) => draft.patch({ overflow })}
        />
      </div>
      <div className={css.group}>
        <h3>{t('queue.after')}</h3>
        <div className="row">
          <Select
            className="grow"
            label={t('queue.wrap_up')}
            allowDeselect={false}
            disabled={!editable}
            value={fields.wrap_up_mode}
            onChange={(mode) => mode && draft.patch({ wrap_up_mode: mode as Queue['wrap_up_mode'] })}
            data={modes.map((value) => ({ value, label: code('queue.wrap_up', value) }))}
            data-testid="queue-wrap-up"
          />
          {fields.wrap_up_mode === 'timed' && number('wrap_up_seconds', s, [5, 1800])}
        </div>
        {fields.wrap_up_mode !== 'none' && (
          <Switch
            mt={8}
            label={t('queue.wrap_up_code')}
            checked={fields.wrap_up_code}
            disabled={!editable}
            onChange={(event) => draft.patch({ wrap_up_code: event.currentTarget.checked })}
          />
        )}
      </div>
      <div className={css.group}>
        <h3>{t('queue.between')}</h3>
        <p>{t('queue.between.help')}</p>
        <div className="row">
          {number('priority', t('unit.min'), [0, 60])}
          {number('weight', '%', [10, 1000])}
          {number('service_percent', '%', [1, 100])}
          {number('service_seconds', s, [1, 600])}
        </div>
      </div>
      <Switch
        label={t('queue.active')}
        checked={fields.active}
        disabled={!editable}
        onChange={(event) => draft.patch({ active: event.currentTarget.checked })}
      />
      {editable && (
        <div className="row">
          <Button
            type="submit"
            disabled={!fields.name.trim() || !draft.dirty}
            loading={save.isPending}
            data-testid="queue-save"
          >
            {t('action.save')}
          </Button>
          {draft.dirty && (
            <Button variant="subtle" color="gray" onClick={draft.clear}>
              {t('action.discard')}
            </Button>
          )}
        </div>
      )}
      {queue && <Versions queue={queue} current={version} />}
    </form>
  );
}
