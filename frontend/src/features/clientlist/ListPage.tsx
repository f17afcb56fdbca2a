import { Button, Modal, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { CopyCheck, Plus, Search, Users } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { listCountQuery, type TableAsk, type TableRow } from '@/api/clientlist';
import { clientFieldsQuery, type ListQuery } from '@/api/exchange';
import { useCan, useErrorText } from '@/api/react';
import { usersQuery } from '@/api/session';
import { viewsQuery } from '@/api/worklist';
import type { FieldInfo } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { isTyping } from '@/lib/shortcuts';
import { readJSON, tabStore } from '@/lib/storage';
import { Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { CellEditor, editableKeys } from './CellEditor';
import css from './clientlist.module.css';
import { BulkBar } from './BulkBar';
import { BulkRuns } from './BulkRuns';
import { ColumnMenu } from './ColumnMenu';
import { FilterBar } from './FilterBar';
import { Grid } from './Grid';
import { readColumns, writeColumns, type ListSearch } from './model';
import { SegmentForm } from './SegmentForm';
import { useRows } from './useRows';
import { useSelection } from './useSelection';
import { ViewMenu } from './ViewMenu';
import { findView } from './views';
import { useWords } from './words';

/** What a cell of a field that the firm has added is changed with. */
export interface CustomCells {
  can(key: string): boolean;
  edit(props: { clientId: number; fieldKey: string; name: string; onDone(changed: boolean): void }): ReactNode;
}

/** Where the card finds who comes before and after: the ids in order, and which one the list is at. */
const orderKey = 'centralita.clientlist';
const orderMost = 5000;

interface Order {
  ids: number[];
  at: number;
}

/** The sort of a list that names none. */
const usualSort = { sort: 'last_contact', desc: true };

/** The words of a list's address that the server is asked with. */
export function askedOf(search: ListSearch): ListQuery {
  return {
    ...(search.q ? { q: search.q } : {}),
    ...(search.f ? { filter: search.f } : {}),
    ...(search.sort ? { sort: search.sort, desc: search.desc ?? false } : usualSort),
  };
}

/** Every client: found, narrowed, put in order, changed, chosen and worked on. */
export function ListPage(props: {
  search: ListSearch;
  onSearch(part: Partial<ListSearch>, replace?: boolean): void;
  menu: ReactNode;
  custom: CustomCells;
}) {
  const known = useQuery(clientFieldsQuery);
  const views = useQuery(viewsQuery);
  const errorText = useErrorText();
  const t = useT();
  // An address that says nothing is the list that one begins with.
  const bare = Object.values(props.search).every((value) => value === undefined);
  const first = bare ? findView(views.data, views.data?.default) : undefined;
  const { onSearch } = props;
  const latest = useRef(onSearch);
  latest.current = onSearch;
  useEffect(() => {
    if (first) latest.current(first, true);
  }, [first]);
  if (known.data && !first && (!bare || !views.isPending)) return <Listing {...props} fields={known.data} />;
  return (
    <Page title={t('nav.clients')} testId="clients-page">
      {known.isError ? (
        <Failed text={errorText(known.error)} retry={() => void known.refetch()} />
      ) : (
        <SkeletonRows rows={14} />
      )}
    </Page>
  );
}

function Listing(props: {
  search: ListSearch;
  onSearch(part: Partial<ListSearch>, replace?: boolean): void;
  menu: ReactNode;
  custom: CustomCells;
  fields: FieldInfo[];
}) {
  const { search, onSearch, fields, custom } = props;
  const t = useT();
  const can = useCan();
  const format = useFormat();
  const navigate = useNavigate();
  const errorText = useErrorText();
  const words = useWords();
  const users = useQuery(usersQuery).data;
  const now = useNow(false);

  const columns = useMemo(() => readColumns(search.cols, fields), [search.cols, fields]);
  const keys = columns.map((each) => each.key).join(',');
  const query = useMemo(() => askedOf(search), [search]);
  const ask = useMemo<TableAsk>(() => ({ ...query, columns: keys.split(',') }), [query, keys]);
  const rows = useRows(ask, true);
  const total = useQuery(listCountQuery(query)).data;
  const selection = useSelection(JSON.stringify([search.q ?? '', search.f ?? null]), total);
  const of = useMemo(() => JSON.stringify(query), [query]);
  const [place, setPlace] = useState(() => ({ of, at: startAt(rows.ids()) }));
  const at = place.of === of ? Math.min(place.at, Math.max(0, rows.count - 1)) : 0;

  useEffect(() => {
    const ids = rows.ids();
    if (ids.length === 0) return;
    const from = Math.max(0, at - orderMost);
    const order: Order = { ids: ids.slice(from, from + 2 * orderMost), at: at - from };
    tabStore.set(orderKey, JSON.stringify(order));
  }, [rows, at]);

  const byKey = useMemo(() => new Map(fields.map((field) => [field.key, field])), [fields]);
  const context = useMemo(
    () => ({ words, users: new Map((users ?? []).map((user) => [user.id, user])), now }),
    [words, users, now],
  );
  const writes = can('clients.write');
  const editable = (info: FieldInfo) =>
    writes && ((info.editable && editableKeys.includes(info.key)) || custom.can(info.key));
  const open = (row: TableRow) => void navigate({ to: '/clients/$clientId', params: { clientId: String(row.id) } });
  const sortBy = (key: string) => {
    const sorted = query.sort === key;
    onSearch({ sort: key, desc: sorted ? !query.desc : byKey.get(key)?.type === 'date' });
  };
  const narrowed = Boolean(search.q || search.f);
  const [segmenting, setSegmenting] = useState(false);

  return (
    <Page
      title={t('nav.clients')}
      testId="clients-page"
      lead={
        <>
          <ViewMenu
            search={search}
            columns={columns}
            onView={(to) => onSearch(to)}
            onSegment={can('segments.write') ? () => setSegmenting(true) : undefined}
          />
          <SearchBox text={search.q ?? ''} onText={(q) => onSearch({ q: q || undefined }, true)} />
        </>
      }
      actions={
        <span className="row">
          <ColumnMenu
            fields={fields}
            words={words}
            columns={columns}
            onColumns={(next) => onSearch({ cols: writeColumns(next) }, true)}
          />
          {props.menu}
          {writes && (
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
      <div className={css.page}>
        <div className={css.bar}>
          <FilterBar fields={fields} words={words} filter={search.f} onFilter={(f) => onSearch({ f })} />
          <span className={css.count} role="status" data-testid="list-count" data-count={total}>
            {total === undefined ? '…' : t('list.count', { n: total, shown: format.number(total) })}
          </span>
        </div>
        <BulkBar
          selection={selection}
          search={search}
          total={total}
          fields={fields}
          words={words}
          settable={custom.can}
        />
        {writes && <BulkRuns fields={fields} words={words} />}
        {rows.pending ? (
          <SkeletonRows rows={14} height={34} />
        ) : rows.error && rows.count === 0 ? (
          <Failed text={errorText(rows.error)} retry={rows.refetch} />
        ) : rows.empty ? (
          <Empty
            icon={Users}
            title={narrowed ? t('list.none_match') : t('clients.none')}
            action={
              narrowed ? (
                <Button variant="default" onClick={() => onSearch({ q: undefined, f: undefined })}>
                  {t('list.show_all')}
                </Button>
              ) : undefined
            }
          >
            {narrowed ? t('clients.none_found.text') : t('clients.none.text')}
          </Empty>
        ) : (
          <Grid
            rows={rows}
            of={of}
            total={total}
            columns={columns}
            fields={byKey}
            context={context}
            selection={selection}
            sort={query.sort ?? ''}
            desc={query.desc ?? false}
            at={at}
            onAt={(next) => setPlace({ of, at: next })}
            onSort={sortBy}
            onColumns={(next) => onSearch({ cols: writeColumns(next) }, true)}
            onOpen={open}
            editable={editable}
            editor={(info, row, done) =>
              editableKeys.includes(info.key) ? (
                <CellEditor
                  info={info}
                  row={row}
                  users={users ?? []}
                  words={words}
                  onChanged={rows.patch}
                  onDone={done}
                />
              ) : (
                custom.edit({
                  clientId: row.id,
                  fieldKey: info.key,
                  name: row.name,
                  onDone: (changed) => {
                    if (changed) rows.refetch();
                    done(changed);
                  },
                })
              )
            }
          />
        )}
      </div>
      <Modal
        opened={segmenting}
        onClose={() => setSegmenting(false)}
        title={t('segment.save_as')}
        size="lg"
        closeButtonProps={{ 'aria-label': t('action.dismiss') }}
      >
        {segmenting && (
          <SegmentForm
            segment={null}
            filter={search.f}
            fields={fields}
            words={words}
            onDone={(kept) => void navigate({ to: '/segments', search: { id: kept.id } })}
            onCancel={() => setSegmenting(false)}
          />
        )}
      </Modal>
    </Page>
  );
}

/** Where somebody stands who comes back from a card. */
function startAt(ids: number[]): number {
  const order = readJSON<Order | null>(tabStore.get(orderKey), null);
  const id = order?.ids[order.at];
  return id === undefined ? 0 : Math.max(0, ids.indexOf(id));
}

/** A name or a number; what is typed is asked for as soon as the hands rest. */
function SearchBox(props: { text: string; onText(text: string): void }) {
  const t = useT();
  const [typed, setTyped] = useState(props.text);
  const box = useRef<HTMLInputElement>(null);
  const latest = useRef(props.onText);
  latest.current = props.onText;
  const asked = useRef(props.text);
  useEffect(() => {
    if (props.text === asked.current) return;
    asked.current = props.text;
    setTyped(props.text);
  }, [props.text]);
  useEffect(() => {
    if (typed === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = typed;
      latest.current(typed);
    }, 200);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => {
    const pressed = (event: globalThis.KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      box.current?.focus();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
  return (
    <TextInput
      ref={box}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
        event.preventDefault();
        document.querySelector<HTMLElement>('[data-testid="client-list"]')?.focus();
      }}
      placeholder={t('clients.search')}
      aria-label={t('clients.search')}
      leftSection={<Search size={14} aria-hidden />}
      w={280}
      data-testid="client-search"
    />
  );
}
