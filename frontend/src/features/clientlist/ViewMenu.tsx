import { Button, Menu, Modal, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Bookmark, ChevronDown, Flag, FlagOff, Layers, Pencil, Plus, RefreshCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCan, useErrorText, useReport } from '@/api/react';
import { teamsQuery } from '@/api/roles';
import {
  addView,
  changeView,
  preferView,
  removeView,
  restoreView,
  viewsQuery,
  workKeys,
  type SavedView,
  type ViewBook,
  type ViewDraft,
} from '@/api/worklist';
import { useCode, useT } from '@/lib/i18n';
import { Segmented } from '@/ui/Segmented';
import { useToast } from '@/ui/toast';
import css from './clientlist.module.css';
import type { Column, ListSearch } from './model';
import { draftOf, everybody, findView, nothing, sameList, searchOf } from './views';

/** The view that the list shows, the others, and what can be done with them. */
export function ViewMenu(props: {
  search: ListSearch;
  columns: Column[];
  onView(search: ListSearch): void;
  onSegment?: (() => void) | undefined;
}) {
  const { search, columns, onView } = props;
  const t = useT();
  const code = useCode();
  const can = useCan();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const book = useQuery(viewsQuery).data;
  const [form, setForm] = useState<SavedView | 'new' | null>(null);
  const name = search.view ?? everybody;
  const current = book?.items.find((each) => String(each.id) === name);
  const stands = findView(book, name);
  const changed = stands !== undefined && !sameList(stands, search);
  const refresh = () => cache.invalidateQueries({ queryKey: workKeys.views });
  const label = current?.name ?? (name === everybody || !stands ? t('view.all') : code('view.own', name));
  const writes = can('views.write');

  const update = useMutation({
    mutationFn: (view: SavedView) => changeView(view.id, view.version, { ...bare(view), ...draftOf(search, columns) }),
    onSuccess: (after, before) => {
      keepView(cache, after);
      toast.done(t('view.updated'), () => {
        changeView(after.id, after.version, bare(before)).then(refresh).catch(report);
      });
    },
    onError: (error) => {
      report(error);
      void refresh();
    },
  });
  const remove = useMutation({
    mutationFn: (view: SavedView) => removeView(view.id),
    onSuccess: (_, view) => {
      void refresh();
      onView({ ...search, view: everybody });
      toast.done(t('view.removed'), () => {
        restoreView(view.id)
          .then(refresh)
          .then(() => onView({ ...search, view: String(view.id) }))
          .catch(report);
      });
    },
    onError: report,
  });
  const prefer = useMutation({
    mutationFn: preferView,
    onSuccess: (_, view) => {
      void refresh();
      if (view) toast.done(t('view.preferred'));
    },
    onError: report,
  });
  const item = (key: string, text: string, to: ListSearch, note = '') => (
    <Menu.Item
      key={key}
      onClick={() => onView(to)}
      leftSection={book?.default === key ? <Flag size={13} aria-hidden /> : <span className={css.noIcon} />}
      rightSection={note ? <span className="whisper">{note}</span> : undefined}
      aria-current={key === name || undefined}
      data-testid="view-item"
      data-view={key}
    >
      {text}
    </Menu.Item>
  );

  return (
    <>
      <Menu position="bottom-start" width={280}>
        <Menu.Target>
          <Button
            variant="default"
            leftSection={<Bookmark size={14} aria-hidden />}
            rightSection={<ChevronDown size={13} aria-hidden />}
            title={t('view.title')}
            data-testid="view-menu"
            data-view={name}
          >
            <span className="truncate">{label}</span>
            {changed && <span className={css.changed}>{t('view.changed')}</span>}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={css.viewDrop}>
          {item(everybody, t('view.all'), nothing(everybody))}
          <Menu.Label>{t('view.builtin')}</Menu.Label>
          {book?.own.map((each) => item(each.key, code('view.own', each.key), searchOf(each.key, each.query)))}
          {(book?.items.length ?? 0) > 0 && <Menu.Label>{t('view.saved')}</Menu.Label>}
          {book?.items.map((each) =>
            item(
              String(each.id),
              each.name,
              searchOf(String(each.id), each.query, each.columns),
              each.audience === 'me' ? '' : each.team_name || t('view.shared'),
            ),
          )}
          <Menu.Divider />
          {current?.editable && changed && (
            <Menu.Item
              leftSection={<RefreshCw size={13} aria-hidden />}
              onClick={() => update.mutate(current)}
              data-testid="view-update"
            >
              {t('view.update')}
            </Menu.Item>
          )}
          {writes && (
            <Menu.Item
              leftSection={<Plus size={13} aria-hidden />}
              onClick={() => setForm('new')}
              data-testid="view-save"
            >
              {t('view.save_as')}
            </Menu.Item>
          )}
          {props.onSegment && search.f && (
            <Menu.Item
              leftSection={<Layers size={13} aria-hidden />}
              onClick={props.onSegment}
              data-testid="segment-save"
            >
              {t('segment.save_as')}
            </Menu.Item>
          )}
          {name !== everybody && stands && (
            <Menu.Item
              leftSection={book?.default === name ? <FlagOff size={13} aria-hidden /> : <Flag size={13} aria-hidden />}
              onClick={() => prefer.mutate(book?.default === name ? '' : name)}
              data-testid="view-prefer"
            >
              {book?.default === name ? t('view.unprefer') : t('view.prefer')}
            </Menu.Item>
          )}
          {current?.editable && (
            <>
              <Menu.Item
                leftSection={<Pencil size={13} aria-hidden />}
                onClick={() => setForm(current)}
                data-testid="view-edit"
              >
                {t('view.edit')}
              </Menu.Item>
              <Menu.Item
                leftSection={<Trash2 size={13} aria-hidden />}
                onClick={() => remove.mutate(current)}
                data-testid="view-remove"
              >
                {t('view.remove')}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={form !== null}
        onClose={() => setForm(null)}
        title={form === 'new' ? t('view.save_as') : t('view.edit')}
        closeButtonProps={{ 'aria-label': t('action.dismiss') }}
      >
        {form !== null && book && (
          <ViewForm
            book={book}
            view={form === 'new' ? null : form}
            content={form === 'new' ? draftOf(search, columns) : { query: form.query, columns: form.columns }}
            onDone={(view) => {
              keepView(cache, view);
              if (form === 'new') onView({ ...search, view: String(view.id) });
              setForm(null);
            }}
          />
        )}
      </Modal>
    </>
  );
}

/** What is written of a view. */
const bare = (view: SavedView): ViewDraft => ({
  name: view.name,
  audience: view.audience,
  ...(view.team_id ? { team_id: view.team_id } : {}),
  query: view.query,
  columns: view.columns,
});

/** Shows a view that was just written, before the server is asked again. */
function keepView(cache: ReturnType<typeof useQueryClient>, view: SavedView): void {
  cache.setQueryData<ViewBook>(
    workKeys.views,
    (book) => book && { ...book, items: [...book.items.filter((each) => each.id !== view.id), view] },
  );
  void cache.invalidateQueries({ queryKey: workKeys.views });
}

function ViewForm(props: {
  book: ViewBook;
  view: SavedView | null;
  content: Pick<ViewDraft, 'query' | 'columns'>;
  onDone(view: SavedView): void;
}) {
  const { book, view, content } = props;
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const [name, setName] = useState(view?.name ?? '');
  const [audience, setAudience] = useState<ViewDraft['audience']>(view?.audience ?? 'me');
  const [team, setTeam] = useState<number | null>(view?.team_id ?? null);
  const teams = useQuery({ ...teamsQuery, enabled: book.share !== 'me' }).data ?? [];
  const save = useMutation({
    mutationFn: () => {
      const draft: ViewDraft = {
        name,
        audience,
        ...content,
        ...(audience === 'team' && team ? { team_id: team } : {}),
      };
      return view ? changeView(view.id, view.version, draft) : addView(draft);
    },
    onSuccess: (kept) => {
      toast.done(t('view.kept'));
      props.onDone(kept);
    },
  });
  const levels = (['me', 'team', 'firm'] as const).filter(
    (each) => each === 'me' || book.share === 'firm' || book.share === each,
  );
  return (
    <form
      className="stack"
      data-testid="view-form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextInput
        label={t('view.name')}
        value={name}
        maxLength={60}
        required
        data-autofocus
        onChange={(event) => setName(event.currentTarget.value)}
        error={save.isError ? errorText(save.error) : undefined}
        data-testid="view-name"
      />
      {levels.length > 1 && (
        <Segmented<ViewDraft['audience']>
          label={t('view.audience')}
          value={audience}
          onChange={setAudience}
          data={levels.map((value) => ({ value, label: t(`view.audience.${value}`), testId: `view-for-${value}` }))}
        />
      )}
      {audience === 'team' && (
        <Select
          label={t('view.team')}
          data={teams.map((each) => ({ value: String(each.id), label: each.name }))}
          value={team ? String(team) : null}
          onChange={(id) => setTeam(id ? Number(id) : null)}
          data-testid="view-team"
        />
      )}
      <div className="row">
        <Button type="submit" loading={save.isPending} disabled={!name.trim()} data-testid="view-keep">
          {t('action.save')}
        </Button>
      </div>
    </form>
  );
}
