import { ActionIcon, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Check, ListPlus, Settings2 } from 'lucide-react';
import { useState } from 'react';
import { sheetQuery, type CustomSection } from '@/api/fields';
import { useCan, useErrorText } from '@/api/react';
import { useT } from '@/lib/i18n';
import { Empty, Failed, SkeletonRows } from '@/ui/kit';
import { Arrange } from './Arrange';
import css from './field.module.css';
import { FieldList } from './FieldList';
import { RowGrid } from './RowGrid';

/** A section of the card: its fields or its rows, and for an administrator the way to arrange it. */
export function SectionTab(props: { clientId: number; section: CustomSection }) {
  const { clientId, section } = props;
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const query = useQuery(sheetQuery(clientId));
  const [arranging, setArranging] = useState(false);
  const Body = section.kind === 'table' ? RowGrid : FieldList;
  return (
    <section className={css.tab} aria-label={section.title} data-testid="section" data-section={section.title}>
      {can('settings.write') && (
        <div className={css.tabHead}>
          {arranging ? (
            <Button
              size="compact-sm"
              leftSection={<Check size={13} aria-hidden />}
              onClick={() => setArranging(false)}
              data-testid="arrange-done"
            >
              {t('custom.arrange_done')}
            </Button>
          ) : (
            <ActionIcon
              aria-label={t('custom.arrange')}
              title={t('custom.arrange')}
              onClick={() => setArranging(true)}
              data-testid="arrange-section"
            >
              <Settings2 size={15} aria-hidden />
            </ActionIcon>
          )}
        </div>
      )}
      {arranging ? (
        <Arrange sectionId={section.id} />
      ) : section.fields.length === 0 ? (
        <Empty icon={ListPlus} title={t('custom.no_fields')} small>
          {can('settings.write') ? t('custom.no_fields.admin') : t('custom.no_fields.text')}
        </Empty>
      ) : query.data ? (
        <Body clientId={clientId} section={section} sheet={query.data} editable={can('clients.write')} />
      ) : query.isError ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : (
        <SkeletonRows rows={Math.min(8, section.fields.length)} />
      )}
    </section>
  );
}
