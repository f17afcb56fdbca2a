import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { ScrollText } from 'lucide-react';
import { auditQuery, type AuditFilter } from '@/api/audit';
import { useErrorText } from '@/api/react';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { Alerts } from './Alerts';
import { AuditFilters } from './AuditFilters';
import { AuditList } from './AuditList';
import { Seal } from './Seal';
import css from './audit.module.css';

/** The two views of the log: line by line, and by reader. */
export function AuditTabs() {
  const t = useT();
  return (
    <nav className={css.tabs} aria-label={t('audit.title')}>
      <Link
        to="/audit"
        search={{}}
        activeOptions={{ exact: true, includeSearch: false }}
        activeProps={{ 'data-active': true } as object}
        data-testid="audit-tab-log"
      >
        {t('audit.log')}
      </Link>
      <Link
        to="/audit/readers"
        search={{}}
        activeProps={{ 'data-active': true } as object}
        activeOptions={{ includeSearch: false }}
        data-testid="audit-tab-readers"
      >
        {t('audit.readers')}
      </Link>
    </nav>
  );
}

/** Who did what: every change, and every look. */
export function AuditPage(props: { filter: AuditFilter; onFilter(part: Partial<AuditFilter>): void }) {
  const t = useT();
  const errorText = useErrorText();
  const format = useFormat();
  const { filter, onFilter } = props;
  const query = useInfiniteQuery(auditQuery(filter));
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items ?? []) ?? [], [query.data]);
  const last = query.data?.pages[query.data.pages.length - 1];
  const more = () => {
    if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
  };
  const further = query.hasNextPage && (
    <Button variant="default" loading={query.isFetchingNextPage} onClick={more} data-testid="audit-further">
      {last?.reached_at ? t('audit.further', { time: format.exact(last.reached_at) }) : t('action.load_more')}
    </Button>
  );
  return (
    <Page title={t('audit.title')} testId="audit-page" lead={<AuditTabs />} actions={<Seal />}>
      <div className={css.frame}>
        <Alerts />
        <AuditFilters filter={filter} onFilter={onFilter} />
        {query.isPending ? (
          <SkeletonRows rows={14} />
        ) : query.isError && rows.length === 0 ? (
          <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
        ) : rows.length === 0 ? (
          <Empty icon={ScrollText} title={t('audit.none')} action={further}>
            {t('audit.none.text')}
          </Empty>
        ) : (
          <AuditList rows={rows} more={more} foot={rows.length < 30 ? further : null} onFilter={onFilter} />
        )}
      </div>
    </Page>
  );
}
