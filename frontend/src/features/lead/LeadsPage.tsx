import { Button, Select } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CheckCheck, Inbox } from 'lucide-react';
import { leadsQuery, type LeadFilter } from '@/api/leads';
import { linesQuery } from '@/api/lines';
import { useErrorText, useMe } from '@/api/react';
import { closings, leadClasses, type Lead } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Empty, Failed, LineTag, Page, PhoneNumber, SkeletonRows } from '@/ui/kit';
import { ClassBadge, leadName } from './looks';
import css from './lead.module.css';

/** All leads, open and closed: the rows behind the numbers of the balance. */
export function LeadsPage(props: { filter: LeadFilter; onFilter(part: Partial<LeadFilter>): void }) {
  const t = useT();
  const errorText = useErrorText();
  const { filter, onFilter } = props;
  const query = useInfiniteQuery(leadsQuery(filter));
  const lines = useQuery(linesQuery).data ?? [];
  const rows = query.data?.pages.flatMap((page) => page.items ?? []) ?? [];
  const total = query.data?.pages[0]?.total;
  return (
    <Page
      title={t('nav.leads')}
      testId="leads-page"
      lead={
        <>
          <Select
            aria-label={t('leads.state')}
            w={120}
            value={filter.state ?? ''}
            onChange={(state) => onFilter({ state: state || undefined, closing: undefined })}
            data={[
              { value: '', label: t('leads.any') },
              { value: 'open', label: t('leads.open') },
              { value: 'closed', label: t('leads.closed') },
            ]}
            data-testid="leads-state"
          />
          <Select
            aria-label={t('lead.close_as')}
            placeholder={t('leads.any_closing')}
            clearable
            w={200}
            value={filter.closing ?? null}
            onChange={(closing) => onFilter({ closing: closing ?? undefined, ...(closing ? { state: 'closed' } : {}) })}
            data={closings.map((each) => ({ value: each, label: t(`closing.${each}`) }))}
          />
          <Select
            aria-label={t('board.col.class')}
            placeholder={t('leads.any_class')}
            clearable
            w={210}
            value={filter.class ?? null}
            onChange={(value) => onFilter({ class: value ?? undefined })}
            data={leadClasses.map((each) => ({ value: each, label: t(`lead.class.${each}`) }))}
          />
          <Select
            aria-label={t('board.col.line')}
            placeholder={t('leads.any_line')}
            clearable
            w={170}
            value={filter.line_id ? String(filter.line_id) : null}
            onChange={(id) => onFilter({ line_id: id ? Number(id) : undefined })}
            data={lines.map((line) => ({ value: String(line.id), label: line.name }))}
          />
        </>
      }
      actions={
        typeof total === 'number' && (
          <span className="soft num" data-testid="leads-total" data-total={total}>
            {t('leads.total', { n: total })}
          </span>
        )
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={12} />
      ) : query.isError && rows.length === 0 ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : rows.length === 0 ? (
        <Empty
          icon={Inbox}
          title={t('leads.none')}
          action={
            <Button
              variant="default"
              onClick={() => onFilter({ state: undefined, closing: undefined, class: undefined, line_id: undefined })}
            >
              {t('leads.clear')}
            </Button>
          }
        >
          {t('leads.none.text')}
        </Empty>
      ) : (
        <>
          <table className={css.list}>
            <thead>
              <tr>
                <th scope="col">{t('lead.opened')}</th>
                <th scope="col">{t('board.col.who')}</th>
                <th scope="col">{t('clients.phone')}</th>
                <th scope="col">{t('leads.state')}</th>
                <th scope="col">{t('board.col.line')}</th>
                <th scope="col" className={css.right}>
                  {t('board.col.value')}
                </th>
                <th scope="col">{t('board.col.responsible')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((lead) => (
                <ListRow key={lead.id} lead={lead} />
              ))}
            </tbody>
          </table>
          {query.hasNextPage && (
            <p style={{ padding: '12px 20px', margin: 0 }}>
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
                data-testid="leads-more"
              >
                {t('action.load_more')}
              </Button>
            </p>
          )}
        </>
      )}
    </Page>
  );
}

function ListRow(props: { lead: Lead }) {
  const { lead } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const { firm } = useMe();
  const now = useNow(false);
  return (
    <tr data-testid="lead-list-row" data-lead-id={lead.id}>
      <td className="soft">{format.when(lead.opened_at, now)}</td>
      <td>
        <Link to="/leads/$leadId" params={{ leadId: String(lead.id) }} className={css.rowLink}>
          {leadName(lead) || t('lead.unknown')}
        </Link>
      </td>
      <td>
        {(lead.number !== '' || lead.source === 'call') && (
          <PhoneNumber number={lead.number} text={lead.number_display} clientId={lead.client_id} leadId={lead.id} />
        )}
      </td>
      <td>
        {lead.closing ? (
          <Badge icon={CheckCheck}>{code('closing', lead.closing)}</Badge>
        ) : (
          <ClassBadge leadClass={lead.class} />
        )}
      </td>
      <td className="soft">
        {lead.line ? <LineTag name={lead.line.name} color={lead.line.color} /> : t('value.none')}
      </td>
      <td className={css.right}>
        {Number(lead.value) > 0 ? format.money(lead.value, lead.currency || firm.currency) : ''}
      </td>
      <td className="soft">{lead.closed_by_name || lead.responsible_name || t('value.nobody')}</td>
    </tr>
  );
}
