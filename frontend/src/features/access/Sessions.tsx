import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { MonitorCheck, MonitorX } from 'lucide-react';
import { useState } from 'react';
import { useErrorText } from '@/api/react';
import {
  endMyOthers,
  endMySession,
  endSession,
  endUserSessions,
  mySessionsQuery,
  securityKeys,
  sessionsQuery,
  type Session,
} from '@/api/security';
import { deviceName } from '@/lib/agent';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Badge, Empty, Failed, SkeletonRows } from '@/ui/kit';
import table from '@/ui/table.module.css';
import css from './access.module.css';

function useEnd<T>(end: (what: T) => Promise<undefined>) {
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: end,
    onSuccess: () => toast.done(t('sessions.ended')),
    onError: (error) => toast.failed(errorText(error)),
    onSettled: () => {
      void cache.invalidateQueries({ queryKey: securityKeys.mine });
      void cache.invalidateQueries({ queryKey: securityKeys.sessions });
    },
  });
}

/** Where one is signed in oneself. */
export function MySessions() {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(mySessionsQuery);
  const end = useEnd(endMySession);
  const endOthers = useEnd<null>(endMyOthers);
  if (query.isPending) return <SkeletonRows rows={2} />;
  if (query.isError) return <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />;
  return (
    <>
      <SessionTable rows={query.data} onEnd={(row) => end.mutate(row.id)} busy={end.isPending} />
      {query.data.length > 1 && (
        <div style={{ marginTop: 8 }}>
          <Button
            variant="default"
            loading={endOthers.isPending}
            onClick={() => endOthers.mutate(null)}
            data-testid="end-others"
          >
            {t('sessions.end_others')}
          </Button>
        </div>
      )}
    </>
  );
}

/** Who is signed in, and where: seen and ended by whoever may. */
export function SessionsPage() {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(sessionsQuery);
  const [search, setSearch] = useState('');
  const end = useEnd(endSession);
  const endAll = useEnd(endUserSessions);
  if (query.isPending) return <SkeletonRows rows={8} />;
  if (query.isError) return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  const words = search.trim().toLocaleLowerCase();
  const rows = query.data.filter((row) =>
    `${row.user_name} ${row.login} ${row.ip}`.toLocaleLowerCase().includes(words),
  );
  const only = new Set(rows.map((row) => row.user_id)).size === 1 && words !== '' ? rows[0] : undefined;
  return (
    <div className={css.sheet} data-testid="sessions-page">
      <div className={css.bar}>
        <TextInput
          w={260}
          placeholder={t('sessions.search')}
          aria-label={t('sessions.search')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          data-testid="sessions-search"
        />
        <span className="soft grow">{t('sessions.count', { n: rows.length })}</span>
        {only && (
          <Button variant="default" loading={endAll.isPending} onClick={() => endAll.mutate(only.user_id)}>
            {t('sessions.end_user', { name: only.user_name })}
          </Button>
        )}
      </div>
      {rows.length === 0 ? (
        <Empty icon={MonitorX} title={t('sessions.none')} />
      ) : (
        <SessionTable rows={rows} people onEnd={(row) => end.mutate(row.id)} busy={end.isPending} />
      )}
    </div>
  );
}

function SessionTable(props: { rows: Session[]; people?: boolean; busy: boolean; onEnd(row: Session): void }) {
  const t = useT();
  const now = useNow();
  const format = useFormat();
  return (
    <table className={table.table}>
      <thead>
        <tr>
          {props.people && <th>{t('sessions.who')}</th>}
          <th>{t('sessions.device')}</th>
          <th>{t('sessions.place')}</th>
          <th>{t('sessions.since')}</th>
          <th>{t('sessions.seen')}</th>
          <th aria-label={t('sessions.end')} />
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr key={row.id} data-testid="session-row" data-id={row.id} data-login={row.login}>
            {props.people && (
              <td>
                {row.user_name}
                <span data-note>{row.login}</span>
              </td>
            )}
            <td title={row.browser}>{deviceName(row.browser)}</td>
            <td>{row.ip}</td>
            <td title={format.exact(row.created_at)}>{format.when(row.created_at, now)}</td>
            <td title={format.exact(row.seen_at)}>{format.when(row.seen_at, now)}</td>
            <td>
              {row.current ? (
                <Badge icon={MonitorCheck} tone="good">
                  {t('sessions.this')}
                </Badge>
              ) : (
                <Button
                  size="compact-sm"
                  variant="default"
                  disabled={props.busy}
                  aria-label={t('sessions.end_this', { name: row.user_name, device: deviceName(row.browser) })}
                  onClick={() => props.onEnd(row)}
                  data-testid="end-session"
                >
                  {t('sessions.end')}
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
