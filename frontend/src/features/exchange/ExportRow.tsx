import { Button, Popover, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ban, Check, Download } from 'lucide-react';
import { useState } from 'react';
import { approveExport, cancelExport, exchangeKeys, exportHref, refuseExport } from '@/api/exchange';
import { ApiError } from '@/api/http';
import { useCan, useErrorText, useMe, useReport } from '@/api/react';
import type { Export } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Meter, percentOf, StateBadge } from './looks';
import css from './exchange.module.css';

/** One export: who, how much, what for, and what can be done about it. */
export function ExportRow(props: { item: Export }) {
  const { item } = props;
  const t = useT();
  const can = useCan();
  const me = useMe();
  const report = useReport();
  const format = useFormat();
  const errorText = useErrorText();
  const now = useNow(false);
  const cache = useQueryClient();
  const mine = item.author_id === me.user.id;
  const act = useMutation({
    mutationFn: (what: () => Promise<Export>) => what(),
    onSettled: () => cache.invalidateQueries({ queryKey: exchangeKeys.exports }),
    onError: report,
  });
  const going = item.state === 'queued' || item.state === 'running';
  return (
    <li className={css.item} data-testid="export-row" data-id={item.id} data-state={item.state}>
      <span style={{ minWidth: 0 }}>
        <span className="strong truncate" style={{ display: 'block' }}>
          {t('export.rows', { n: item.total })} · {item.format.toUpperCase()}
        </span>
        <span className="whisper truncate" style={{ display: 'block' }} title={item.reason}>
          {item.reason || t('export.columns', { n: item.columns.length })}
        </span>
      </span>
      <StateBadge of="export" state={item.state} />
      {going ? (
        <Meter label={t('export.title')} percent={percentOf(item.position, item.total)} />
      ) : (
        <span className="soft truncate">
          {item.problem && errorText(new ApiError(422, item.problem, ''))}
          {item.state === 'refused' && t('export.refused_by', { name: item.decider_name, why: item.decision })}
          {item.state === 'waiting' && (mine ? t('export.waits') : t('export.waits_for_you'))}
          {item.state === 'ready' && item.expires_at && t('export.until', { at: format.when(item.expires_at, now) })}
        </span>
      )}
      <span style={{ minWidth: 0 }}>
        <span className="truncate" style={{ display: 'block' }}>
          {item.author_name}
        </span>
        <time className="whisper" title={format.exact(item.created_at)}>
          {format.when(item.created_at, now)}
        </time>
      </span>
      <span className="row" style={{ justifyContent: 'flex-end' }}>
        {item.state === 'ready' && mine && (
          <Button
            component="a"
            href={exportHref(item.id)}
            download
            size="xs"
            leftSection={<Download size={13} aria-hidden />}
            data-testid="export-download"
          >
            {t('export.download')}
          </Button>
        )}
        {mine && (going || item.state === 'waiting') && (
          <Button size="xs" variant="default" onClick={() => act.mutate(() => cancelExport(item.id))}>
            {t('action.cancel')}
          </Button>
        )}
        {item.state === 'waiting' && !mine && can('exports.approve') && (
          <>
            <Button
              size="xs"
              leftSection={<Check size={13} aria-hidden />}
              loading={act.isPending}
              onClick={() => act.mutate(() => approveExport(item.id))}
              data-testid="export-approve"
            >
              {t('export.approve')}
            </Button>
            <Refuse onRefuse={(reason) => act.mutate(() => refuseExport(item.id, reason))} />
          </>
        )}
      </span>
    </li>
  );
}

function Refuse(props: { onRefuse(reason: string): void }) {
  const t = useT();
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState('');
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<Ban size={13} aria-hidden />}
          onClick={() => setOpened((before) => !before)}
          data-testid="export-refuse"
        >
          {t('export.refuse')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="stack"
          style={{ width: 280 }}
          onSubmit={(event) => {
            event.preventDefault();
            if (reason.trim()) props.onRefuse(reason.trim());
          }}
        >
          <Textarea
            label={t('export.refuse_why')}
            autosize
            minRows={2}
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-testid="export-refuse-reason"
          />
          <Button type="submit" size="xs" color="red" disabled={!reason.trim()} data-testid="export-refuse-sure">
            {t('export.refuse')}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
