import { Button, Select, TextInput } from '@mantine/core';
import { useInfiniteQuery, useQuery, keepPreviousData } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Building2, CopyCheck, Plus, Search, UserRound, Users } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { clientsQuery, type ClientFilter } from '@/api/clients';
import { useCan, useErrorText } from '@/api/react';
import { usersQuery } from '@/api/session';
import type { ClientRow } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { isTyping } from '@/lib/shortcuts';
import { Badge, Empty, Failed, Page, PhoneNumber, SkeletonRows } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import css from './client.module.css';

const rowHeight = 40;

/** Every client, found by a name or by a number written in any way. */
export function ClientsPage(props: {
  filter: ClientFilter;
  onFilter(part: Partial<ClientFilter>): void;
  menu?: ReactNode;
}) {
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const navigate = useNavigate();
  const { filter, onFilter } = props;
  const [text, setText] = useState(filter.q ?? '');
  const query = useInfiniteQuery({ ...clientsQuery(filter), placeholderData: keepPreviousData });
  const users = useQuery(usersQuery).data ?? [];
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items ?? []) ?? [], [query.data]);
  const [at, setAt] = useState(0);
  const search = useRef<HTMLInputElement>(null);

  const latest = useRef(onFilter);
  latest.current = onFilter;
  const current = filter.q ?? '';
  useEffect(() => {
    if (text === current) return;
    const timer = setTimeout(() => latest.current({ q: text || undefined }), 150);
    return () => clearTimeout(timer);
  }, [text, current]);
  useEffect(() => setAt(0), [filter.q, filter.sort, filter.kind, filter.responsible_id]);

  const open = (row: ClientRow | undefined) => {
    if (row) void navigate({ to: '/clients/$clientId', params: { clientId: String(row.id) } });
  };
  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((before) => Math.max(0, Math.min(rows.length - 1, before + step)));
    } else if (event.key === 'Enter' && (event.target === search.current || !isTyping(event.target))) {
      if ((event.target as HTMLElement).closest('button')) return;
      event.preventDefault();
      open(rows[at]);
    } else if (event.key === '/' && !isTyping(event.target)) {
      event.preventDefault();
      search.current?.focus();
    }
  };

  return (
    <Page
      title={t('nav.clients')}
      testId="clients-page"
      lead={
        <>
          <TextInput
            ref={search}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={move}
            placeholder={t('clients.search')}
            aria-label={t('clients.search')}
            leftSection={<Search size={14} aria-hidden />}
            w={300}
            data-testid="client-search"
          />
          <Segmented
            label={t('clients.kind')}
            value={filter.kind ?? ''}
            onChange={(kind) => onFilter({ kind: kind || undefined })}
            data={[
              { value: '', label: t('clients.all') },
              { value: 'person', label: t('clients.persons') },
              { value: 'organisation', label: t('clients.organisations') },
            ]}
          />
          <Select
            aria-label={t('client.responsible')}
            placeholder={t('clients.anyone')}
            clearable
            searchable
            w={180}
            value={filter.responsible_id ? String(filter.responsible_id) : null}
            onChange={(id) => onFilter({ responsible_id: id ? Number(id) : undefined })}
            data={users.map((user) => ({ value: String(user.id), label: user.name }))}
            data-testid="client-filter-responsible"
          />
          <Segmented
            value={filter.sort ?? 'recent'}
            onChange={(sort) => onFilter({ sort })}
            label={t('clients.sort')}
            data={[
              { value: 'recent', label: t('clients.sort.recent') },
              { value: 'name', label: t('clients.sort.name') },
            ]}
          />
        </>
      }
      actions={
        <span className="row">
          {props.menu}
          {can('clients.write') && (
            <>
              <Button
                variant="default"
                leftSection={<CopyCheck size={14} aria-hidden />}
                onClick={() => void navigate({ to: '/clients/duplicates' })}
                data-testid="duplicates"
              >
                {t('duplicates.title')}
              </Button>
              <Button
                leftSection={<Plus size={14} aria-hidden />}
                onClick={() => void navigate({ to: '/clients/new', search: {} })}
                data-testid="new-client"
              >
                {t('clients.new')}
              </Button>
            </>
          )}
        </span>
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={14} />
      ) : query.isError && rows.length === 0 ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty icon={Users} title={filter.q ? t('clients.none_found', { q: filter.q }) : t('clients.none')}>
          {filter.q ? t('clients.none_found.text') : t('clients.none.text')}
        </Empty>
      ) : (
        <List
          rows={rows}
          at={at}
          onMove={move}
          onOpen={open}
          onPick={setAt}
          more={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
          }}
        />
      )}
    </Page>
  );
}

function List(props: {
  rows: ClientRow[];
  at: number;
  onMove(event: React.KeyboardEvent): void;
  onOpen(row: ClientRow): void;
  onPick(index: number): void;
  more(): void;
}) {
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const box = useRef<HTMLDivElement>(null);
  const { rows, at, more } = props;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    initialRect: { width: 1000, height: 800 },
  });
  useEffect(() => virtual.scrollToIndex(at, { align: 'auto' }), [virtual, at]);
  const items = virtual.getVirtualItems();
  const lastShown = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (lastShown > rows.length - 30) more();
  }, [lastShown, rows.length, more]);

  return (
    <div className={css.table} role="table" aria-label={t('nav.clients')} aria-rowcount={rows.length}>
      <div role="rowgroup">
        <div className={css.headRow} role="row">
          <span role="columnheader">{t('clients.name')}</span>
          <span role="columnheader">{t('clients.phone')}</span>
          <span role="columnheader">{t('client.responsible')}</span>
          <span role="columnheader">{t('clients.last_contact')}</span>
          <span role="columnheader">{t('clients.open_leads')}</span>
        </div>
      </div>
      {/* The box scrolls, so it has to be reachable by keyboard. */}
      <div
        ref={box}
        className={css.scroll}
        role="rowgroup"
        tabIndex={0}
        onKeyDown={props.onMove}
        data-testid="client-list"
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const Icon = row.kind === 'organisation' ? Building2 : UserRound;
            return (
              <div
                key={row.id}
                role="row"
                aria-rowindex={item.index + 1}
                className={css.row}
                data-current={item.index === at || undefined}
                style={{ transform: `translateY(${item.start}px)` }}
                onClick={() => props.onOpen(row)}
                onMouseDown={() => props.onPick(item.index)}
                data-testid="client-row"
                data-client-id={row.id}
              >
                <span role="cell" className="row">
                  <Icon size={15} className={css.kind} aria-hidden />
                  <a
                    href={`/clients/${row.id}`}
                    className="truncate strong"
                    onClick={(event) => {
                      if (event.ctrlKey || event.metaKey) event.stopPropagation();
                      else event.preventDefault();
                    }}
                  >
                    {row.name}
                  </a>
                </span>
                <span role="cell">
                  {row.primary_phone ? (
                    <PhoneNumber number={row.primary_phone} clientId={row.id} />
                  ) : (
                    <span className="whisper">{t('value.none')}</span>
                  )}
                </span>
                <span role="cell" className="truncate soft">
                  {row.responsible_name || t('value.nobody')}
                </span>
                <time role="cell" className="soft">
                  {row.last_contact_at ? format.ago(row.last_contact_at, now) : t('value.never')}
                </time>
                <span role="cell">
                  {row.open_leads > 0 && <Badge tone="warn">{t('clients.leads', { n: row.open_leads })}</Badge>}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
