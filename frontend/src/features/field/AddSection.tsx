import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Plus, Rows3, TableProperties } from 'lucide-react';
import { createSection, dictionariesQuery, type CustomSection } from '@/api/fields';
import { useErrorText, useMe } from '@/api/react';
import { useDraft } from '@/lib/draft';
import { useT } from '@/lib/i18n';
import { Segmented } from '@/ui/Segmented';
import { useToast } from '@/ui/toast';
import { asNewField, FieldDraft, noWish, type FieldWish } from './FieldDraft';
import css from './field.module.css';
import { useDefsChanged } from './save';

interface Wish {
  kind: 'fields' | 'table';
  title: string;
  fields: FieldWish[];
}
const empty: Wish = { kind: 'fields', title: '', fields: [noWish] };

/** A new section, thought up and made on the card itself. */
export function AddSection(props: { onMade(section: CustomSection): void; onCancel(): void }) {
  const t = useT();
  const { firm } = useMe();
  const toast = useToast();
  const errorText = useErrorText();
  const changed = useDefsChanged();
  const dictionaries = useQuery(dictionariesQuery).data ?? [];
  const draft = useDraft<Wish>('section.new', empty);
  const { kind, title, fields } = draft.value;
  const named = fields.filter((field) => field.label.trim() !== '');
  const make = useMutation({
    mutationFn: async () => {
      const all = [];
      for (const wish of named) all.push(await asNewField(wish, firm.currency, dictionaries));
      return createSection({ kind, title: title.trim(), fields: all });
    },
    onSuccess: async (section) => {
      await changed();
      draft.clear();
      toast.done(t('custom.section_made', { title: section.title }));
      props.onMade(section);
    },
  });
  const setField = (index: number, wish: FieldWish) =>
    draft.patch({ fields: fields.map((each, i) => (i === index ? wish : each)) });
  const submit = () => {
    if (title.trim() && !make.isPending) make.mutate();
  };
  return (
    <form
      className={css.newSection}
      data-testid="new-section-form"
      aria-label={t('custom.new_section')}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) props.onCancel();
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit();
      }}
    >
      <div className="row">
        <TextInput
          className="grow"
          aria-label={t('custom.section_title')}
          placeholder={t('custom.section_title')}
          maxLength={60}
          autoFocus
          value={title}
          onChange={(event) => draft.patch({ title: event.currentTarget.value })}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
            event.preventDefault();
            event.currentTarget.form?.querySelector<HTMLElement>('[data-testid="field-label"]')?.focus();
          }}
          data-testid="section-title"
        />
        <Segmented
          label={t('custom.section_kind')}
          value={kind}
          onChange={(next) => draft.patch({ kind: next })}
          data={[
            { value: 'fields', label: t('custom.kind.fields'), icon: TableProperties, testId: 'kind-fields' },
            { value: 'table', label: t('custom.kind.table'), icon: Rows3, testId: 'kind-table' },
          ]}
        />
      </div>
      {fields.map((wish, index) => (
        <FieldDraft
          key={index}
          wish={wish}
          sectionId={0}
          table={kind === 'table'}
          formulas={false}
          autoFocus={index > 0 && index === fields.length - 1}
          onChange={(next) => setField(index, next)}
          onEnter={() => {
            if (wish.label.trim() && index === fields.length - 1) draft.patch({ fields: [...fields, noWish] });
          }}
          onRemove={fields.length > 1 ? () => draft.patch({ fields: fields.filter((_, i) => i !== index) }) : undefined}
        />
      ))}
      {make.isError && <p className={css.error}>{errorText(make.error)}</p>}
      <div className="row">
        <Button
          variant="subtle"
          color="gray"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => draft.patch({ fields: [...fields, noWish] })}
          data-testid="more-fields"
        >
          {kind === 'table' ? t('custom.add_column') : t('custom.add')}
        </Button>
        <span className="whisper grow">{t('custom.enter_adds')}</span>
        <Button variant="default" onClick={props.onCancel}>
          {t('action.cancel')}
        </Button>
        <Button type="submit" disabled={!title.trim()} loading={make.isPending} data-testid="section-create">
          {t('custom.section_create')}
        </Button>
      </div>
    </form>
  );
}
