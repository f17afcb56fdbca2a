import { ActionIcon, Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Archive, ArchiveRestore, ChevronDown, ChevronUp, GripVertical, Plus } from 'lucide-react';
import {
  createDictionary,
  createTerm,
  orderTerms,
  saveDictionary,
  saveTerm,
  type Dictionary,
  type Term,
} from '@/api/fields';
import { useErrorText, useReport } from '@/api/react';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import css from './field.module.css';
import { useDefsChanged } from './save';
import { useSorting } from './sorting';

/** A dictionary: its name, its entries and their order. */
export function DictionaryForm(props: { dictionary: Dictionary | undefined; onMade(id: number): void }) {
  const { dictionary } = props;
  const t = useT();
  const errorText = useErrorText();
  const report = useReport();
  const changed = useDefsChanged();
  const name = useDraft<string | null>(`dictionary.${dictionary?.id ?? 'new'}`, null);
  const save = useMutation({
    mutationFn: (text: string) => (dictionary ? saveDictionary(dictionary.id, { name: text }) : createDictionary(text)),
    onSuccess: async (saved) => {
      await changed();
      name.clear();
      props.onMade(saved.id);
    },
  });
  const archive = useMutation({
    mutationFn: (each: Dictionary) => saveDictionary(each.id, { archived: !each.archived_at }),
    onSuccess: changed,
    onError: report,
  });
  const value = name.value ?? dictionary?.name ?? '';
  return (
    <div className={css.newSection} style={{ padding: 0 }} data-testid="dictionary-form">
      <form
        className="row"
        style={{ alignItems: 'flex-end' }}
        onSubmit={(event) => {
          event.preventDefault();
          if (value.trim()) save.mutate(value.trim());
        }}
      >
        <TextInput
          className="grow"
          label={t('custom.dictionary_name')}
          maxLength={100}
          autoFocus={!dictionary}
          value={value}
          error={save.isError ? errorText(save.error) : undefined}
          onChange={(event) => name.set(event.currentTarget.value)}
          data-testid="dictionary-name"
        />
        <Button
          type="submit"
          disabled={!name.dirty || !value.trim()}
          loading={save.isPending}
          data-testid="dictionary-save"
        >
          {t('action.save')}
        </Button>
        {dictionary && (
          <Button
            variant="default"
            leftSection={
              dictionary.archived_at ? <ArchiveRestore size={14} aria-hidden /> : <Archive size={14} aria-hidden />
            }
            onClick={() => archive.mutate(dictionary)}
          >
            {dictionary.archived_at ? t('custom.restore') : t('custom.archive')}
          </Button>
        )}
      </form>
      {dictionary && <Terms dictionary={dictionary} />}
    </div>
  );
}

function Terms(props: { dictionary: Dictionary }) {
  const { dictionary } = props;
  const t = useT();
  const errorText = useErrorText();
  const report = useReport();
  const changed = useDefsChanged();
  const live = dictionary.terms.filter((term) => !term.archived_at);
  const archived = dictionary.terms.filter((term) => term.archived_at);
  const fresh = useDraft(`dictionary.${dictionary.id}.term`, '');
  const add = useMutation({
    mutationFn: () => createTerm(dictionary.id, fresh.value.trim()),
    onSuccess: async () => {
      fresh.clear();
      await changed();
    },
  });
  const sorting = useSorting(live, (ids) => {
    void orderTerms(dictionary.id, ids).then(changed).catch(report);
  });
  return (
    <>
      <ul className={css.arranged} aria-label={t('custom.entries')}>
        {sorting.items.map((term, index) => (
          <li key={term.id} {...sorting.handle(term.id)} className={css.item} data-testid="term">
            <TermLine
              term={term}
              first={index === 0}
              last={index === sorting.items.length - 1}
              onMove={(step) => sorting.move(term.id, step)}
            />
          </li>
        ))}
      </ul>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (fresh.value.trim() && !add.isPending) add.mutate();
        }}
      >
        <TextInput
          className="grow"
          aria-label={t('custom.new_term')}
          placeholder={t('custom.new_term')}
          maxLength={100}
          value={fresh.value}
          error={add.isError ? errorText(add.error) : undefined}
          onChange={(event) => fresh.set(event.currentTarget.value)}
          data-testid="new-term"
        />
        <Button
          type="submit"
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          disabled={!fresh.value.trim()}
          loading={add.isPending}
        >
          {t('custom.add_term')}
        </Button>
      </form>
      {archived.length > 0 && (
        <details className={css.archived}>
          <summary>{t('custom.archived_terms', { n: archived.length })}</summary>
          <ul className={css.arranged}>
            {archived.map((term) => (
              <li key={term.id} className="row">
                <span className="grow soft">{term.label}</span>
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => void saveTerm(term.id, { archived: false }).then(changed).catch(report)}
                >
                  {t('custom.restore')}
                </Button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function TermLine(props: { term: Term; first: boolean; last: boolean; onMove(step: number): void }) {
  const { term } = props;
  const t = useT();
  const report = useReport();
  const toast = useToast();
  const changed = useDefsChanged();
  const draft = useDraft<string | null>(`term.${term.id}`, null);
  const rename = () => {
    const next = draft.value?.trim();
    if (!next || next === term.label) return draft.clear();
    void saveTerm(term.id, { label: next })
      .then(changed)
      .then(() => draft.clear())
      .catch(report);
  };
  const archive = () => {
    const back = () => void saveTerm(term.id, { archived: false }).then(changed).catch(report);
    void saveTerm(term.id, { archived: true })
      .then(changed)
      .then(() => toast.done(t('custom.archived', { label: term.label }), back))
      .catch(report);
  };
  return (
    <div className="row">
      <GripVertical size={14} className={css.grip} aria-hidden />
      <TextInput
        className="grow"
        variant="unstyled"
        aria-label={t('custom.term')}
        maxLength={100}
        value={draft.value ?? term.label}
        onChange={(event) => draft.set(event.currentTarget.value)}
        onBlur={rename}
        onKeyDown={(event) => {
          if (event.key === 'Enter') rename();
          if (event.key === 'Escape') draft.clear();
        }}
      />
      <ActionIcon
        size={24}
        disabled={props.first}
        aria-label={t('custom.move_up', { label: term.label })}
        onClick={() => props.onMove(-1)}
      >
        <ChevronUp size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon
        size={24}
        disabled={props.last}
        aria-label={t('custom.move_down', { label: term.label })}
        onClick={() => props.onMove(1)}
      >
        <ChevronDown size={14} aria-hidden />
      </ActionIcon>
      <ActionIcon size={24} aria-label={t('custom.archive_one', { label: term.label })} onClick={archive}>
        <Archive size={14} aria-hidden />
      </ActionIcon>
    </div>
  );
}
