import { Button } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft, FileDown, Siren } from 'lucide-react';
import { canariesQuery, exportsQuery } from '@/api/exchange';
import { useCan, useErrorText } from '@/api/react';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import { ExportRow } from './ExportRow';
import css from './exchange.module.css';

/** Files of clients: one's own, and those a second person decides about. */
export function ExportsPage(props: { all: boolean; onAll(all: boolean): void }) {
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const decides = can('exports.approve');
  const all = decides && props.all;
  const query = useInfiniteQuery(exportsQuery(all ? { all } : {}));
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <Page
      title={t('export.title')}
      testId="exports-page"
      lead={
        <>
          {decides && (
            <Segmented
              label={t('export.whose')}
              value={all ? 'all' : 'mine'}
              onChange={(whose) => props.onAll(whose === 'all')}
              data={[
                { value: 'mine', label: t('export.mine'), testId: 'exports-mine' },
                { value: 'all', label: t('export.all'), testId: 'exports-all' },
              ]}
            />
          )}
          <Link to="/clients" search={{}} className="row soft" style={{ textDecoration: 'none' }}>
            <ArrowLeft size={14} aria-hidden /> {t('nav.clients')}
          </Link>
        </>
      }
    >
      {decides && <Canaries />}
      {query.isPending ? (
        <SkeletonRows rows={8} />
      ) : query.isError && rows.length === 0 ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty icon={FileDown} title={t('export.none')}>
          {t('export.none.text')}
        </Empty>
      ) : (
        <ul className={css.list} aria-label={t('export.title')}>
          {rows.map((each) => (
            <ExportRow key={each.id} item={each} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <p style={{ padding: '12px 20px', margin: 0 }}>
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('action.load_more')}
          </Button>
        </p>
      )}
    </Page>
  );
}

/** Made-up clients of exported files who have called or written: the file is in use. */
function Canaries() {
  const t = useT();
  const format = useFormat();
  const heard = useQuery(canariesQuery).data ?? [];
  return (
    <>
      {heard.map((each) => (
        <div key={each.export_id} className={css.canary} role="alert" data-testid="canary">
          <Siren size={18} aria-hidden />
          <span>
            <b>{t('canary.title')}</b>{' '}
            {t('canary.text', {
              name: each.author_name,
              exported: format.exact(each.exported_at),
              seen: format.exact(each.seen_at),
              id: each.export_id,
            })}
          </span>
        </div>
      ))}
    </>
  );
}
