import { Button, MultiSelect, Popover, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Archive, ArchiveRestore, PencilLine, Tag, UserRoundPlus, X, type LucideIcon } from 'lucide-react';
import { useState, type FormEvent, type ReactNode } from 'react';
import { tagsQuery } from '@/api/cards';
import { useCan, useErrorText } from '@/api/react';
import { usersQuery } from '@/api/session';
import { startBulk, workKeys, type BulkRun, type BulkWhat, type BulkWho } from '@/api/worklist';
import type { FieldInfo } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Segmented } from '@/ui/Segmented';
import css from './clientlist.module.css';
import type { ListSearch } from './model';
import type { Selection } from './useSelection';
import { RecordValue } from './ValueEditor';
import type { Words } from './words';

const inside = { withinPortal: false } as const;

/** Whom the selection means, in the server's words. */
function whoOf(selection: Selection, search: ListSearch): BulkWho {
  if (!selection.all) return { ids: [...selection.ids] };
  return {
    all: true,
    ...(search.q ? { q: search.q } : {}),
    ...(search.f ? { filter: search.f } : {}),
    except: [...selection.ids],
  };
}

/** What can be done to those who are chosen. */
export function BulkBar(props: {
  selection: Selection;
  search: ListSearch;
  total: number | undefined;
  fields: FieldInfo[];
  words: Words;
  settable(key: string): boolean;
}) {
  const { selection, search, total, fields, words } = props;
  const t = useT();
  const can = useCan();
  const format = useFormat();
  const cache = useQueryClient();
  const errorText = useErrorText();
  const start = useMutation({
    mutationFn: (what: BulkWhat) => startBulk(what, whoOf(selection, search)),
    onSuccess: (run) => {
      selection.clear();
      cache.setQueryData<BulkRun[]>(workKeys.runs, (runs) => [run, ...(runs ?? [])]);
      void cache.invalidateQueries({ queryKey: workKeys.bulk });
    },
  });
  const n = selection.count;
  if (n === 0) return null;
  const more = !selection.all && total !== undefined && total > n;
  const common = { n, start: (what: BulkWhat) => start.mutate(what), pending: start.isPending };
  return (
    <div className={css.bulk} role="group" aria-label={t('bulk.title')} data-testid="list-bulk">
      <span role="status" className="strong" data-testid="list-chosen" data-count={n}>
        {t('bulk.of_list', { n })}
      </span>
      {more && (
        <Button size="compact-sm" variant="subtle" onClick={selection.everything} data-testid="select-matching">
          {t('bulk.everything', { n: format.number(total) })}
        </Button>
      )}
      {can('clients.write') && (
        <>
          {can('leads.assign') && (
            <Action icon={UserRoundPlus} label={t('bulk.responsible')} testId="bulk-responsible">
              {(done) => <People {...common} done={done} />}
            </Action>
          )}
          <Action icon={PencilLine} label={t('bulk.field')} testId="bulk-field">
            {(done) => (
              <OneField
                {...common}
                done={done}
                words={words}
                fields={fields.filter((field) => field.key === 'language' || props.settable(field.key))}
              />
            )}
          </Action>
          <Action icon={Tag} label={t('bulk.tags')} testId="bulk-tags">
            {(done) => <Tags {...common} done={done} />}
          </Action>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Archive size={14} aria-hidden />}
            onClick={() => start.mutate({ kind: 'archive' })}
            data-testid="bulk-archive"
          >
            {t('bulk.archive')}
          </Button>
          {JSON.stringify(search.f ?? '').includes('"archived"') && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<ArchiveRestore size={14} aria-hidden />}
              onClick={() => start.mutate({ kind: 'unarchive' })}
              data-testid="bulk-unarchive"
            >
              {t('bulk.unarchive')}
            </Button>
          )}
        </>
      )}
      {start.isError && (
        <span role="alert" className={css.bad}>
          {errorText(start.error)}
        </span>
      )}
      <span className="grow" />
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        leftSection={<X size={14} aria-hidden />}
        onClick={selection.clear}
        data-testid="list-unchoose"
      >
        {t('bulk.clear')}
      </Button>
    </div>
  );
}

function Action(props: { icon: LucideIcon; label: string; testId: string; children(done: () => void): ReactNode }) {
  const [open, setOpen] = useState(false);
  const Icon = props.icon;
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus returnFocus width={300}>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Icon size={14} aria-hidden />}
          onClick={() => setOpen(!open)}
          aria-expanded={open}
          data-testid={props.testId}
        >
          {props.label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>{props.children(() => setOpen(false))}</Popover.Dropdown>
    </Popover>
  );
}

interface FormProps {
  n: number;
  pending: boolean;
  start(what: BulkWhat): void;
  done(): void;
}

function Form(props: FormProps & { what: BulkWhat | null; children: ReactNode }) {
  const t = useT();
  const format = useFormat();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!props.what) return;
    props.start(props.what);
    props.done();
  };
  return (
    <form className={css.condition} onSubmit={submit} data-testid="bulk-form">
      {props.children}
      <div>
        <Button type="submit" disabled={!props.what} loading={props.pending} data-testid="bulk-go">
          {t('bulk.go', { n: format.number(props.n) })}
        </Button>
      </div>
    </form>
  );
}

function People(props: FormProps) {
  const t = useT();
  const users = useQuery(usersQuery).data ?? [];
  const [chosen, setChosen] = useState<string[]>([]);
  const [share, setShare] = useState<'even' | 'load'>('even');
  const several = chosen.length > 1;
  return (
    <Form {...props} what={{ kind: 'responsible', user_ids: chosen.map(Number), ...(several ? { share } : {}) }}>
      <MultiSelect
        label={t('bulk.people')}
        description={t('bulk.people.text')}
        data={users.filter((user) => user.active).map((user) => ({ value: String(user.id), label: user.name }))}
        value={chosen}
        onChange={setChosen}
        searchable
        data-autofocus
        comboboxProps={{ ...inside, position: 'right-start' }}
        data-testid="bulk-people"
      />
      {several && (
        <>
          <Segmented<'even' | 'load'>
            label={t('bulk.share')}
            value={share}
            onChange={setShare}
            data={[
              { value: 'even', label: t('bulk.share.even'), testId: 'bulk-even' },
              { value: 'load', label: t('bulk.share.load'), testId: 'bulk-load' },
            ]}
          />
          {share === 'load' && <span className="whisper">{t('bulk.share.load.text')}</span>}
        </>
      )}
    </Form>
  );
}

function OneField(props: FormProps & { fields: FieldInfo[]; words: Words }) {
  const { fields, words } = props;
  const t = useT();
  const [key, setKey] = useState<string | null>(null);
  const [value, setValue] = useState('');
  const info = fields.find((field) => field.key === key);
  const options = info && words.options(info)?.filter((option) => option.value !== 'me');
  return (
    <Form {...props} what={key ? { kind: 'field', field: key, value } : null}>
      <Select
        label={t('filter.field')}
        data={fields.map((field) => ({ value: field.key, label: words.field(field) }))}
        value={key}
        onChange={(next) => {
          setKey(next);
          setValue('');
        }}
        searchable
        data-autofocus
        comboboxProps={inside}
        data-testid="bulk-field-key"
      />
      {info && options ? (
        <Select
          label={t('bulk.value')}
          description={t('bulk.value.text')}
          data={options}
          value={value || null}
          onChange={(next) => setValue(next ?? '')}
          searchable
          clearable
          comboboxProps={{ ...inside, position: 'right-start' }}
          data-testid="bulk-value"
        />
      ) : info?.of === 'client' ? (
        <RecordValue
          info={info}
          value={value ? [Number(value)] : undefined}
          onChange={(next) => setValue(Array.isArray(next) ? String(next[0]) : '')}
        />
      ) : (
        info && (
          <TextInput
            label={t('bulk.value')}
            description={t('bulk.value.text')}
            type={info.type === 'day' ? 'date' : 'text'}
            inputMode={info.type === 'number' || info.type === 'money' ? 'decimal' : undefined}
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
            data-testid="bulk-value"
          />
        )
      )}
    </Form>
  );
}

function Tags(props: FormProps) {
  const t = useT();
  const tags = useQuery(tagsQuery).data ?? [];
  const [tag, setTag] = useState<string | null>(null);
  const [kind, setKind] = useState<'tag_add' | 'tag_remove'>('tag_add');
  return (
    <Form {...props} what={tag ? { kind, tag_id: Number(tag) } : null}>
      <Segmented<'tag_add' | 'tag_remove'>
        label={t('bulk.tag_how')}
        value={kind}
        onChange={setKind}
        data={[
          { value: 'tag_add', label: t('bulk.tag_add') },
          { value: 'tag_remove', label: t('bulk.tag_remove') },
        ]}
      />
      <Select
        label={t('bulk.tag')}
        data={tags.map((each) => ({ value: String(each.id), label: each.name }))}
        value={tag}
        onChange={setTag}
        searchable
        nothingFoundMessage={t('custom.nothing_found')}
        comboboxProps={inside}
        data-testid="bulk-tag"
      />
    </Form>
  );
}
