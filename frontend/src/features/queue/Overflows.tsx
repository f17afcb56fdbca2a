import { ActionIcon, Button, NumberInput, Select } from '@mantine/core';
import { Plus, X } from 'lucide-react';
import type { Queue, QueueOverflow } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';
import { PlaceSelect } from '@/call/PlaceSelect';

const conditions = ['nobody_in', 'not_ready', 'length', 'wait'] as const;

/** Where callers go who cannot be served: sentences, the first that is true counts. */
export function Overflows(props: {
  rules: QueueOverflow[];
  queues: Queue[];
  editable: boolean;
  onChange(rules: QueueOverflow[]): void;
}) {
  const t = useT();
  const code = useCode();
  const { rules, editable } = props;
  const change = (at: number, fields: Partial<QueueOverflow>) =>
    props.onChange(rules.map((rule, place) => (place === at ? { ...rule, ...fields } : rule)));
  return (
    <div className="stack" data-testid="queue-overflow">
      {rules.map((rule, at) => (
        <div className="row" key={at}>
          <Select
            aria-label={t('queue.overflow.when')}
            allowDeselect={false}
            disabled={!editable}
            w={220}
            value={rule.when}
            onChange={(when) =>
              when &&
              change(at, {
                when: when as QueueOverflow['when'],
                value: when === 'wait' ? 60 : when === 'length' ? 5 : 0,
              })
            }
            data={conditions.map((value) => ({ value, label: code('queue.overflow', value) }))}
          />
          {(rule.when === 'wait' || rule.when === 'length') && (
            <NumberInput
              w={100}
              aria-label={code('queue.overflow', rule.when)}
              suffix={rule.when === 'wait' ? ` ${t('unit.s')}` : ''}
              min={1}
              readOnly={!editable}
              value={rule.value ?? 0}
              onChange={(value) => change(at, { value: Number(value) })}
            />
          )}
          <span className="whisper">→</span>
          <PlaceSelect
            label={t('queue.overflow.then')}
            place={rule.then}
            queues={props.queues}
            kinds={['queue', 'user', 'voicemail', 'hangup']}
            editable={editable}
            onChange={(then) => change(at, { then })}
          />
          {editable && (
            <ActionIcon
              variant="subtle"
              color="gray"
              aria-label={t('queue.overflow.remove')}
              onClick={() => props.onChange(rules.filter((_, place) => place !== at))}
            >
              <X size={14} />
            </ActionIcon>
          )}
        </div>
      ))}
      <p className="whisper">{t('queue.else.help')}</p>
      {editable && (
        <div>
          <Button
            size="xs"
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => props.onChange([...rules, { when: 'nobody_in', then: { kind: 'voicemail' } }])}
            data-testid="queue-add-overflow"
          >
            {t('queue.overflow.add')}
          </Button>
        </div>
      )}
    </div>
  );
}
