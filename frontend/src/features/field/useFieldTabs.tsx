import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { sectionsQuery } from '@/api/fields';
import { useCan } from '@/api/react';
import { useT } from '@/lib/i18n';
import { AddSection } from './AddSection';
import { SectionTab } from './SectionTab';

interface Tab {
  key: string;
  title: string;
  render(): ReactNode;
}

const fresh = 'section-new';

/** The tabs that the firm has added to its cards; for an administrator also the one where he adds another. */
export function useFieldTabs(clientId: number, open: (key: string) => void): Tab[] {
  const t = useT();
  const can = useCan();
  const sections = useQuery(sectionsQuery).data ?? [];
  const tabs: Tab[] = sections.map((section) => ({
    key: `section-${section.id}`,
    title: section.title,
    render: () => <SectionTab key={section.id} clientId={clientId} section={section} />,
  }));
  if (can('settings.write')) {
    tabs.push({
      key: fresh,
      title: t('custom.add_section'),
      render: () => (
        <AddSection onMade={(section) => open(`section-${section.id}`)} onCancel={() => open('overview')} />
      ),
    });
  }
  return tabs;
}
