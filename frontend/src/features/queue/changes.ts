import type { QueueVersion } from '@/api/types';

const fields = [
  'name',
  'strategy',
  'ring_seconds',
  'retry_seconds',
  'max_wait_seconds',
  'priority',
  'weight',
  'wrap_up_mode',
  'wrap_up_seconds',
  'wrap_up_code',
  'service_seconds',
  'service_percent',
  'members',
  'sticky',
  'skills',
  'overflow',
] as const;

export interface Change {
  field: (typeof fields)[number];
  before: string;
  after: string;
}

/** What a version changed of the one before; nothing for the first. */
export function changes(version: QueueVersion, before: QueueVersion | undefined): Change[] {
  if (!before) return [];
  return fields.flatMap((field) => {
    const [was, is] = [JSON.stringify(before[field]), JSON.stringify(version[field])];
    return was === is ? [] : [{ field, before: short(before[field]), after: short(version[field]) }];
  });
}

function short(value: unknown): string {
  if (Array.isArray(value)) return String(value.length);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .filter(([, each]) => each !== false && each !== 0)
      .map(([key, each]) => (each === true ? key : `${key} ${String(each)}`))
      .join(', ');
  }
  return String(value);
}
