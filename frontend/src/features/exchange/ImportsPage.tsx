import { Button } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, FileUp } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { exchangeKeys, importsQuery, uploadImport } from '@/api/exchange';
import { useErrorText, useReport } from '@/api/react';
import type { Import } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { isTyping } from '@/lib/shortcuts';
import { Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { Meter, percentOf, StateBadge, atWork } from './looks';
import css from './exchange.module.css';

/** The lists that were brought in, and the door for the next one. */
export function ImportsPage() {
  const t = useT();
  const errorText = useErrorText();
  const query = useInfiniteQuery(importsQuery);
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  return (
    <Page
      title={t('import.title')}
      testId="imports-page"
      lead={
        <Link to="/clients" search={{}} className="row soft" style={{ textDecoration: 'none' }}>
          <ArrowLeft size={14} aria-hidden /> {t('nav.clients')}
        </Link>
      }
    >
      <DropZone />
      {query.isPending ? (
        <SkeletonRows rows={6} />
      ) : query.isError && rows.length === 0 ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty icon={FileUp} title={t('import.none')} small>
          {t('import.none.text')}
        </Empty>
      ) : (
        <ul className={css.list} aria-label={t('import.title')}>
          {rows.map((each) => (
            <li key={each.id}>
              <Row item={each} />
            </li>
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

function Row(props: { item: Import }) {
  const { item } = props;
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const counts = useCounts(item);
  return (
    <Link
      to="/imports/$importId"
      params={{ importId: String(item.id) }}
      search={{}}
      className={css.item}
      data-testid="import-row"
      data-id={item.id}
    >
      <span className="strong truncate">{item.file_name}</span>
      <StateBadge of="import" state={item.state} />
      {atWork(item.state) ? (
        <Meter label={item.file_name} percent={percentOf(item.position, item.total)} />
      ) : item.state === 'draft' ? (
        <span className="whisper">{t('import.draft_hint')}</span>
      ) : (
        <span className="soft truncate num">{counts}</span>
      )}
      <span className="soft truncate">{item.author_name}</span>
      <time className="soft" title={format.exact(item.created_at)}>
        {format.when(item.created_at, now)}
      </time>
    </Link>
  );
}

function useCounts(item: Import): string {
  const t = useT();
  return t('import.counts', {
    created: item.created,
    updated: item.updated,
    skipped: item.skipped,
    failed: item.failed,
  });
}

/** A file comes by mouse, by choice or from the clipboard. */
function DropZone() {
  const t = useT();
  const report = useReport();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const upload = useMutation({
    mutationFn: (file: { data: Blob; name: string }) => uploadImport(file.data, file.name),
    onSuccess: (made) => {
      cache.setQueryData(exchangeKeys.import(made.id), made);
      void cache.invalidateQueries({ queryKey: exchangeKeys.importList });
      void navigate({ to: '/imports/$importId', params: { importId: String(made.id) }, search: {} });
    },
    onError: report,
  });
  const { mutate } = upload;
  const take = useCallback((file: File | undefined) => file && mutate({ data: file, name: file.name }), [mutate]);
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (isTyping(event.target)) return;
      const file = event.clipboardData?.files[0];
      const text = event.clipboardData?.getData('text/plain');
      if (file) take(file);
      else if (text) mutate({ data: new Blob([text]), name: 'clipboard.tsv' });
      else return;
      event.preventDefault();
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, [take, mutate]);
  return (
    <div
      className={css.drop}
      data-over={over || undefined}
      data-testid="import-drop"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files[0]);
      }}
    >
      <FileUp size={22} strokeWidth={1.75} aria-hidden />
      <div className="grow">
        <p className="strong">{t('import.drop')}</p>
        <p className="whisper">{t('import.drop.text')}</p>
      </div>
      <input
        ref={picker}
        type="file"
        hidden
        accept=".csv,.tsv,.txt,.xlsx,.vcf,text/csv,text/vcard"
        data-testid="import-file"
        onChange={(event) => {
          take(event.currentTarget.files?.[0]);
          event.currentTarget.value = '';
        }}
      />
      <Button loading={upload.isPending} onClick={() => picker.current?.click()} data-testid="import-pick">
        {t('import.pick')}
      </Button>
    </div>
  );
}
