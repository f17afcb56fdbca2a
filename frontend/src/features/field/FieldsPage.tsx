import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { BookOpen, Plus, Rows3, TableProperties } from 'lucide-react';
import { useState } from 'react';
import { arrangedQuery, dictionariesQuery } from '@/api/fields';
import { useErrorText } from '@/api/react';
import { useT } from '@/lib/i18n';
import { Badge, Empty, Failed } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import { SplitView } from '@/ui/SplitView';
import { AddSection } from './AddSection';
import { Arrange } from './Arrange';
import { DictionaryForm } from './DictionaryForm';
import css from './field.module.css';

type What = 'sections' | 'dictionaries';

/** Everything that the firm has added to its cards, archived or not. */
export function FieldsPage() {
  const t = useT();
  const [what, setWhat] = useState<What>('sections');
  return (
    <div className={css.page} data-testid="fields-page">
      <div className={css.pageHead}>
        <Segmented
          label={t('settings.fields')}
          value={what}
          onChange={(next: What) => setWhat(next)}
          data={[
            { value: 'sections', label: t('custom.sections'), icon: TableProperties, testId: 'show-sections' },
            { value: 'dictionaries', label: t('custom.dictionaries'), icon: BookOpen, testId: 'show-dictionaries' },
          ]}
        />
        <span className="whisper">{t(what === 'sections' ? 'custom.sections.text' : 'custom.dictionaries.text')}</span>
      </div>
      {what === 'sections' ? <Sections /> : <Dictionaries />}
    </div>
  );
}

function Sections() {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(arrangedQuery);
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  const all = query.data ?? [];
  if (query.isError && all.length === 0) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  if (query.isPending) return <Skeleton height={200} m={20} />;
  const current = all.find((each) => each.id === chosen);
  return (
    <SplitView
      label={t('custom.sections')}
      items={all.map((each) => ({
        id: each.id,
        title: each.title,
        note: each.fields
          .filter((field) => !field.archived_at)
          .map((field) => field.label)
          .join(', '),
        mark: each.archived_at ? (
          <Badge>{t('custom.is_archived')}</Badge>
        ) : (
          each.kind === 'table' && <Rows3 size={14} aria-hidden />
        ),
        testId: 'section-row',
      }))}
      chosen={chosen}
      onChoose={setChosen}
      add={
        <Button
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => setChosen('new')}
          data-testid="settings-new-section"
        >
          {t('custom.new_section')}
        </Button>
      }
    >
      {chosen === 'new' ? (
        <AddSection onMade={(section) => setChosen(section.id)} onCancel={() => setChosen(null)} />
      ) : current ? (
        <Arrange key={current.id} sectionId={current.id} />
      ) : (
        <Empty icon={TableProperties} title={all.length ? t('custom.choose_section') : t('custom.no_sections')}>
          {t('custom.no_sections.text')}
        </Empty>
      )}
    </SplitView>
  );
}

function Dictionaries() {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(dictionariesQuery);
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  const all = query.data ?? [];
  if (query.isError && all.length === 0) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  if (query.isPending) return <Skeleton height={200} m={20} />;
  const current = all.find((each) => each.id === chosen);
  return (
    <SplitView
      label={t('custom.dictionaries')}
      items={all.map((each) => ({
        id: each.id,
        title: each.name,
        note: t('custom.terms', { n: each.terms.filter((term) => !term.archived_at).length }),
        mark: each.archived_at && <Badge>{t('custom.is_archived')}</Badge>,
        testId: 'dictionary-row',
      }))}
      chosen={chosen}
      onChoose={setChosen}
      add={
        <Button
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => setChosen('new')}
          data-testid="new-dictionary"
        >
          {t('custom.new_dictionary')}
        </Button>
      }
    >
      {chosen === 'new' || current ? (
        <DictionaryForm key={String(chosen)} dictionary={current} onMade={setChosen} />
      ) : (
        <Empty icon={BookOpen} title={all.length ? t('custom.choose_dictionary') : t('custom.no_dictionaries')}>
          {t('custom.no_dictionaries.text')}
        </Empty>
      )}
    </SplitView>
  );
}
