import { Popover } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Eye, Info, TriangleAlert } from 'lucide-react';
import { readersQuery } from '@/api/audit';
import { useErrorText, useMe } from '@/api/react';
import type { Reader, ReaderKind } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Badge, Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import { Alerts } from './Alerts';
import { AuditTabs } from './AuditPage';
import { Seal } from './Seal';
import { dayOf, startOf } from './days';
import css from './audit.module.css';

const kinds = ['cards', 'numbers', 'searches', 'pages', 'recordings', 'exports'] as const;

/** Who looked at how much today, against his own last four weeks. */
export function ReadersPage(props: { kind: ReaderKind; onKind(kind: ReaderKind): void }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(readersQuery(props.kind));
  const readers = query.data?.items ?? [];
  return (
    <Page title={t('audit.title')} testId="readers-page" lead={<AuditTabs />} actions={<Seal />}>
      <div className={css.frame}>
        <Alerts />
        <div className={css.filters}>
          <Segmented
            label={t('audit.what')}
            value={props.kind}
            onChange={props.onKind}
            data={kinds.map((kind) => ({ value: kind, label: t(`audit.kind.${kind}`), testId: `readers-${kind}` }))}
          />
          <span className="grow" />
          <Formula />
        </div>
        {query.isPending ? (
          <SkeletonRows rows={10} />
        ) : query.isError && readers.length === 0 ? (
          <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
        ) : readers.length === 0 ? (
          <Empty icon={Eye} title={t('audit.readers.none')}>
            {t('audit.readers.none.text')}
          </Empty>
        ) : (
          <Readers readers={readers} kind={props.kind} />
        )}
      </div>
    </Page>
  );
}

/** The formula behind "unusual", and where it is from. */
function Formula() {
  const t = useT();
  return (
    <Popover position="bottom-end" shadow="md" width={420} trapFocus>
      <Popover.Target>
        <button type="button" className={css.plainButton} data-testid="readers-formula">
          <Info size={14} aria-hidden />
          {t('audit.readers.how')}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <p>{t('audit.readers.formula_text')}</p>
        <p className={css.formula}>{t('audit.readers.formula')}</p>
        <p className="whisper">{t('audit.readers.source')}</p>
      </Popover.Dropdown>
    </Popover>
  );
}

function Readers(props: { readers: Reader[]; kind: ReaderKind }) {
  const t = useT();
  return (
    <div className={css.scroll} tabIndex={0} role="group" aria-label={t('audit.readers')}>
      <table className={css.readers} data-testid="readers">
        <thead>
          <tr>
            <th scope="col">{t('audit.user')}</th>
            <th scope="col" className={css.right}>
              {t('audit.readers.today')}
            </th>
            <th scope="col" className={css.right}>
              {t('audit.readers.usual')}
            </th>
            <th scope="col">{t('audit.readers.history')}</th>
            <th scope="col">{t('audit.readers.verdict')}</th>
          </tr>
        </thead>
        <tbody>
          {props.readers.map((reader) => (
            <Row key={reader.user_id} reader={reader} kind={props.kind} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { reader: Reader; kind: ReaderKind }) {
  const { reader } = props;
  const t = useT();
  const format = useFormat();
  const zone = useMe().firm.time_zone;
  const now = useNow(false);
  const today = new Date(now).toISOString();
  const from = startOf(dayOf(today, zone), zone);
  return (
    <tr data-testid="reader-row" data-unusual={reader.unusual || undefined}>
      <th scope="row">
        <Link to="/audit" search={{ user_id: reader.user_id, only: 'looks' }}>
          {reader.user_name}
        </Link>
      </th>
      <td className={css.right}>
        <Link
          to="/audit"
          search={{ user_id: reader.user_id, from, kind: props.kind }}
          aria-label={t('audit.readers.open_today', { name: reader.user_name, n: reader.today })}
          data-testid="reader-today"
        >
          {format.number(reader.today)}
        </Link>
      </td>
      <td className={`${css.right} soft`}>{format.number(Math.round(reader.usual))}</td>
      <td>
        <Bars reader={reader} kind={props.kind} zone={zone} today={today} />
      </td>
      <td>
        {reader.unusual ? (
          <Badge tone="warn" icon={TriangleAlert} testId="reader-unusual">
            {t('audit.readers.unusual', { score: format.number(Math.round(reader.score * 10) / 10) })}
          </Badge>
        ) : (
          <span className="whisper">{t('audit.readers.ordinary')}</span>
        )}
      </td>
    </tr>
  );
}

/** Twenty-eight days and today, each bar the way to its rows. */
function Bars(props: { reader: Reader; kind: ReaderKind; zone: string; today: string }) {
  const t = useT();
  const { reader, zone } = props;
  const all = [...reader.days, reader.today];
  const top = Math.max(...all, 1);
  return (
    <span className={css.bars}>
      {all.map((n, index) => {
        const day = dayOf(props.today, zone, index - reader.days.length);
        return (
          <Link
            key={day}
            to="/audit"
            search={{
              user_id: reader.user_id,
              from: startOf(day, zone),
              until: startOf(day, zone, 1),
              kind: props.kind,
            }}
            tabIndex={-1}
            aria-label={t('audit.readers.day', { day, n })}
            title={t('audit.readers.day', { day, n })}
            data-today={index === reader.days.length || undefined}
            data-unusual={(reader.unusual && index === reader.days.length) || undefined}
          >
            <i style={{ height: `${n === 0 ? 0 : Math.max(6, (100 * n) / top)}%` }} />
          </Link>
        );
      })}
    </span>
  );
}
