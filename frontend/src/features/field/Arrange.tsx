import { ActionIcon, Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import {
  Archive,
  ArchiveRestore,
  ArrowLeft,
  ArrowRight,
  ChevronDown,
  ChevronRight,
  ChevronUp,
  GripVertical,
  Plus,
} from 'lucide-react';
import { useState } from 'react';
import {
  arrangedQuery,
  createField,
  dictionariesQuery,
  orderFields,
  orderSections,
  saveField,
  saveSection,
  type CustomField,
  type CustomSection,
} from '@/api/fields';
import { useErrorText, useMe, useReport } from '@/api/react';
import { useDraft } from '@/lib/draft';
import { useCode, useT } from '@/lib/i18n';
import { Failed, SkeletonRows } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import { asNewField, FieldDraft, FieldOptionsForm, noWish, type FieldWish } from './FieldDraft';
import css from './field.module.css';
import { fieldIcons } from './looks';
import { useDefsChanged } from './save';
import { useSorting } from './sorting';

/** A section being arranged: its title, its fields and their order, all where they stand. */
export function Arrange(props: { sectionId: number }) {
  const errorText = useErrorText();
  const query = useQuery(arrangedQuery);
  const section = query.data?.find((each) => each.id === props.sectionId);
  if (query.isError && !section)
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} small />;
  if (!section) return <SkeletonRows rows={4} />;
  return <Arranging section={section} />;
}

function Arranging(props: { section: CustomSection }) {
  const { section } = props;
  const t = useT();
  const changed = useDefsChanged();
  const report = useReport();
  const toast = useToast();
  const live = section.fields.filter((field) => !field.archived_at);
  const archived = section.fields.filter((field) => field.archived_at);
  const title = useDraft<string | null>(`section.${section.id}.title`, null);
  const change = useMutation({
    mutationFn: (part: { title?: string; archived?: boolean }) => saveSection(section.id, part),
    onSuccess: changed,
    onError: report,
  });
  const archive = useMutation({
    mutationFn: (field: CustomField) => saveField(field.id, { archived: !field.archived_at }),
    onSuccess: async (saved) => {
      await changed();
      if (!saved.archived_at) return;
      toast.done(t('custom.archived', { label: saved.label }), () => {
        void saveField(saved.id, { archived: false }).then(changed).catch(report);
      });
    },
    onError: report,
  });
  const rename = () => {
    const next = title.value?.trim();
    if (next && next !== section.title) change.mutate({ title: next }, { onSuccess: () => title.clear() });
    else title.clear();
  };
  const sorting = useSorting(live, (ids) => {
    void orderFields(section.id, ids).then(changed).catch(report);
  });
  return (
    <div className="stack" data-testid="arrange">
      <div className="row">
        <TextInput
          className="grow"
          label={t('custom.section_title')}
          maxLength={60}
          value={title.value ?? section.title}
          onChange={(event) => title.set(event.currentTarget.value)}
          onBlur={rename}
          onKeyDown={(event) => event.key === 'Enter' && rename()}
          data-testid="arrange-title"
        />
        <SectionMover section={section} />
        <Button
          mt={18}
          variant="default"
          leftSection={
            section.archived_at ? <ArchiveRestore size={14} aria-hidden /> : <Archive size={14} aria-hidden />
          }
          onClick={() =>
            change.mutate(
              { archived: !section.archived_at },
              {
                onSuccess: (saved) =>
                  saved.archived_at &&
                  toast.done(t('custom.section_archived', { title: saved.title }), () => {
                    void saveSection(saved.id, { archived: false }).then(changed).catch(report);
                  }),
              },
            )
          }
          data-testid="archive-section"
        >
          {section.archived_at ? t('custom.restore') : t('custom.archive')}
        </Button>
      </div>
      <ul className={css.arranged} aria-label={t('custom.fields')}>
        {sorting.items.map((field, index) => (
          <FieldItem
            key={field.id}
            field={field}
            table={section.kind === 'table'}
            first={index === 0}
            last={index === sorting.items.length - 1}
            drag={sorting.handle(field.id)}
            onMove={(step) => sorting.move(field.id, step)}
            onArchive={() => archive.mutate(field)}
          />
        ))}
      </ul>
      <NewFieldForm section={section} />
      {archived.length > 0 && (
        <details className={css.archived}>
          <summary>{t('custom.archived_ones', { n: archived.length })}</summary>
          <ul className={css.arranged}>
            {archived.map((field) => (
              <li key={field.id} className="row">
                <span className="grow soft">{field.label}</span>
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => archive.mutate(field)}
                  data-testid="restore-field"
                >
                  {t('custom.restore')}
                </Button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** Moves the section among the others. */
function SectionMover(props: { section: CustomSection }) {
  const t = useT();
  const changed = useDefsChanged();
  const report = useReport();
  const ids = (useQuery(arrangedQuery).data ?? []).filter((each) => !each.archived_at).map((each) => each.id);
  const at = ids.indexOf(props.section.id);
  if (at < 0) return null;
  const move = (step: number) => {
    const next = ids.filter((id) => id !== props.section.id);
    next.splice(at + step, 0, props.section.id);
    void orderSections(next).then(changed).catch(report);
  };
  return (
    <span className="row" style={{ gap: 0, marginTop: 18 }}>
      <ActionIcon
        disabled={at === 0}
        aria-label={t('custom.move_earlier')}
        title={t('custom.move_earlier')}
        onClick={() => move(-1)}
        data-testid="section-earlier"
      >
        <ArrowLeft size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon
        disabled={at === ids.length - 1}
        aria-label={t('custom.move_later')}
        title={t('custom.move_later')}
        onClick={() => move(1)}
        data-testid="section-later"
      >
        <ArrowRight size={14} aria-hidden />
      </ActionIcon>
    </span>
  );
}

function FieldItem(props: {
  field: CustomField;
  table: boolean;
  first: boolean;
  last: boolean;
  drag: object;
  onMove(step: number): void;
  onArchive(): void;
}) {
  const { field } = props;
  const t = useT();
  const code = useCode();
  const errorText = useErrorText();
  const changed = useDefsChanged();
  const [open, setOpen] = useState(false);
  const draft = useDraft(`field.${field.id}`, { label: field.label, options: field.options });
  const save = useMutation({
    mutationFn: () => saveField(field.id, { label: draft.value.label.trim(), options: draft.value.options }),
    onSuccess: async () => {
      await changed();
      draft.clear();
      setOpen(false);
    },
  });
  const Icon = fieldIcons[field.type];
  return (
    <li {...props.drag} className={css.item} data-testid="arranged-field" data-field={field.label}>
      <div className="row">
        <GripVertical size={14} className={css.grip} aria-hidden />
        <button type="button" className={css.opener} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? <ChevronDown size={13} aria-hidden /> : <ChevronRight size={13} aria-hidden />}
          <Icon size={14} aria-hidden />
          <span className="grow truncate">{field.label}</span>
          <span className="whisper">{code('custom.type', field.type)}</span>
        </button>
        <ActionIcon
          size={24}
          disabled={props.first}
          aria-label={t('custom.move_up', { label: field.label })}
          onClick={() => props.onMove(-1)}
          data-testid="move-up"
        >
          <ChevronUp size={14} aria-hidden />
        </ActionIcon>
        <ActionIcon
          size={24}
          disabled={props.last}
          aria-label={t('custom.move_down', { label: field.label })}
          onClick={() => props.onMove(1)}
          data-testid="move-down"
        >
          <ChevronDown size={14} aria-hidden />
        </ActionIcon>
        <ActionIcon
          size={24}
          aria-label={t('custom.archive_one', { label: field.label })}
          title={t('custom.archive')}
          onClick={props.onArchive}
          data-testid="archive-field"
        >
          <Archive size={14} aria-hidden />
        </ActionIcon>
      </div>
      {open && (
        <form
          className={css.itemForm}
          onSubmit={(event) => {
            event.preventDefault();
            if (draft.value.label.trim()) save.mutate();
          }}
        >
          <TextInput
            label={props.table ? t('custom.column_name') : t('custom.name')}
            maxLength={60}
            value={draft.value.label}
            onChange={(event) => draft.patch({ label: event.currentTarget.value })}
          />
          <FieldOptionsForm
            type={field.type}
            options={draft.value.options}
            fresh={false}
            sectionId={field.section_id}
            fieldId={field.id}
            onChange={(options) => draft.patch({ options })}
          />
          {save.isError && <p className={css.error}>{errorText(save.error)}</p>}
          <div className="row">
            <span className="whisper grow">{t('custom.key', { key: field.key })}</span>
            <Button
              type="submit"
              size="compact-sm"
              disabled={!draft.dirty}
              loading={save.isPending}
              data-testid="save-field"
            >
              {t('action.save')}
            </Button>
          </div>
        </form>
      )}
    </li>
  );
}

function NewFieldForm(props: { section: CustomSection }) {
  const { section } = props;
  const t = useT();
  const { firm } = useMe();
  const errorText = useErrorText();
  const changed = useDefsChanged();
  const dictionaries = useQuery(dictionariesQuery).data ?? [];
  const draft = useDraft<FieldWish>(`section.${section.id}.field`, noWish);
  const add = useMutation({
    mutationFn: async () => createField(section.id, await asNewField(draft.value, firm.currency, dictionaries)),
    onSuccess: async () => {
      draft.clear();
      await changed();
    },
  });
  const submit = () => {
    if (draft.value.label.trim() && !add.isPending) add.mutate();
  };
  return (
    <form
      className={css.newField}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      data-testid="new-field-form"
    >
      <FieldDraft
        wish={draft.value}
        sectionId={section.id}
        table={section.kind === 'table'}
        formulas
        onChange={draft.set}
        onEnter={submit}
      />
      {add.isError && <p className={css.error}>{errorText(add.error)}</p>}
      <div className="row">
        <Button
          type="submit"
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          disabled={!draft.value.label.trim()}
          loading={add.isPending}
          data-testid="add-field"
        >
          {section.kind === 'table' ? t('custom.add_column') : t('custom.add')}
        </Button>
      </div>
    </form>
  );
}
