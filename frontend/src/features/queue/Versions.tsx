import { useQuery } from '@tanstack/react-query';
import { versionsQuery } from '@/api/queues';
import { usersQuery } from '@/api/session';
import type { Queue, QueueVersion } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { changes } from './changes';
import css from './queue.module.css';

/** What the settings were: a call is explained by those it came under. */
export function Versions(props: { queue: Queue; current: number }) {
  const t = useT();
  const format = useFormat();
  const now = useNow();
  const list = useQuery(versionsQuery(props.queue.id)).data ?? [];
  const users = useQuery(usersQuery).data ?? [];
  const who = (version: QueueVersion) =>
    users.find((user) => user.id === version.user_id)?.name ?? t('queue.version.system');
  return (
    <details className={css.group} data-testid="queue-versions">
      <summary className="strong">{t('queue.versions', { version: props.current })}</summary>
      <ul className={css.versions}>
        {list.map((version, at) => (
          <li key={version.version}>
            <span className="strong">{t('queue.version', { version: version.version })}</span>{' '}
            <span className="whisper">
              {format.when(version.at, now)} · {who(version)}
            </span>
            {changes(version, list[at + 1]).map((change) => (
              <div key={change.field} className="whisper">
                {t(`queue.field.${change.field}`)}: {change.before} → {change.after}
              </div>
            ))}
          </li>
        ))}
      </ul>
    </details>
  );
}
