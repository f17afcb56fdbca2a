import { Button, Popover } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { CircleHelp, Layers, List, Pencil, Plus, Trash2, Users } from 'lucide-react';
import { useState } from 'react';
import { tablePageQuery } from '@/api/clientlist';
import { clientFieldsQuery } from '@/api/exchange';
import { useCan, useErrorText, useReport } from '@/api/react';
import {
  removeSegment,
  restoreSegment,
  segmentCountQuery,
  segmentsQuery,
  workKeys,
  type ClientSegment,
} from '@/api/worklist';
import type { FieldInfo } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';
import { useToast } from '@/ui/toast';
import css from './clientlist.module.css';
import { isGroup, readConditions } from './model';
import { SegmentForm } from './SegmentForm';
import { Sparkline } from './Sparkline';
import { Why } from './Why';
import { useWords, type Words } from './words';

/** Conditions on clients that are kept: how many there are, who, and why. */
export function SegmentsPage(props: { chosen: number | 'new' | null; onChoose(id: number | 'new' | null): void }) {
  const { chosen, onChoose } = props;
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const words = useWords();
  const segments = useQuery(segmentsQuery);
  const fields = useQuery(clientFieldsQuery).data;
  const segment = segments.data?.find((each) => each.id === chosen);
  const adder = can('segments.write') && (
    <Button leftSection={<Plus size={14} aria-hidden />} onClick={() => onChoose('new')} data-testid="new-segment">
      {t('segment.new')}
    </Button>
  );
  return (
    <Page title={t('segment.title')} testId="segments-page">
      {segments.isPending || !fields ? (
        <SkeletonRows />
      ) : segments.isError ? (
        <Failed text={errorText(segments.error)} retry={() => void segments.refetch()} />
      ) : segments.data.length === 0 && chosen !== 'new' ? (
        <Empty icon={Layers} title={t('segment.none')} action={adder || undefined}>
          {t('segment.none.text')}
        </Empty>
      ) : (
        <SplitView
          label={t('segment.title')}
          chosen={chosen}
          onChoose={onChoose}
          add={adder}
          items={segments.data.map((each) => ({
            id: each.id,
            title: each.name,
            ...(each.note ? { note: each.note } : {}),
            mark: <Mark segment={each} />,
            testId: 'segment-item',
          }))}
        >
          {chosen === 'new' ? (
            <SegmentForm
              segment={null}
              fields={fields}
              words={words}
              onDone={(kept) => onChoose(kept.id)}
              onCancel={() => onChoose(null)}
            />
          ) : segment ? (
            <Detail key={segment.id} segment={segment} fields={fields} words={words} onGone={() => onChoose(null)} />
          ) : (
            <Empty icon={Layers} title={t('segment.pick')}>
              {t('segment.pick.text')}
            </Empty>
          )}
        </SplitView>
      )}
    </Page>
  );
}

/** How many there are now, and how that came. */
function Mark(props: { segment: ClientSegment }) {
  const { segment } = props;
  const t = useT();
  const format = useFormat();
  const count = useQuery(segmentCountQuery(segment)).data;
  const told = segment.history.map((each) => `${each.day}: ${each.count}`);
  return (
    <span className="row">
      <Sparkline
        values={segment.history.map((each) => each.count)}
        label={t('segment.history', { list: format.list(told) })}
      />
      <span className="strong num" data-testid="segment-count" data-count={count}>
        {segment.usable ? (count === undefined ? '…' : format.number(count)) : '—'}
      </span>
    </span>
  );
}

function Detail(props: { segment: ClientSegment; fields: FieldInfo[]; words: Words; onGone(): void }) {
  const { segment, fields, words } = props;
  const t = useT();
  const can = useCan();
  const format = useFormat();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const [editing, setEditing] = useState(false);
  const count = useQuery(segmentCountQuery(segment)).data;
  const refresh = () => cache.invalidateQueries({ queryKey: workKeys.segments });
  const remove = useMutation({
    mutationFn: () => removeSegment(segment.id),
    onSuccess: () => {
      void refresh();
      props.onGone();
      toast.done(t('segment.removed'), () => {
        restoreSegment(segment.id).then(refresh).catch(report);
      });
    },
    onError: report,
  });
  if (editing) {
    return (
      <SegmentForm
        segment={segment}
        fields={fields}
        words={words}
        onDone={() => setEditing(false)}
        onCancel={() => setEditing(false)}
      />
    );
  }
  const conditions = readConditions(segment.filter);
  const joint = conditions?.mode === 'any' ? t('filter.or') : t('filter.and');
  return (
    <div className={css.segment} data-testid="segment">
      <header className="row">
        <h2 className={css.segmentName}>{segment.name}</h2>
        <span className="whisper">{t('segment.by', { name: segment.owner_name })}</span>
        <span className="grow" />
        {segment.usable && (
          <Button
            leftSection={<List size={14} aria-hidden />}
            onClick={() => void navigate({ to: '/clients', search: { view: 'all', f: segment.filter } })}
            data-testid="segment-open"
          >
            {t('segment.open')}
          </Button>
        )}
        {segment.editable && (
          <Button
            variant="default"
            leftSection={<Pencil size={14} aria-hidden />}
            onClick={() => setEditing(true)}
            data-testid="segment-edit"
          >
            {t('action.edit')}
          </Button>
        )}
        {segment.editable && can('segments.write') && (
          <Button
            variant="subtle"
            color="gray"
            leftSection={<Trash2 size={14} aria-hidden />}
            onClick={() => remove.mutate()}
            data-testid="segment-remove"
          >
            {t('segment.remove')}
          </Button>
        )}
      </header>
      {segment.note && <p className="soft">{segment.note}</p>}
      <ul className={css.conditions} aria-label={t('segment.conditions')}>
        {conditions ? (
          conditions.items.map((item, index) => (
            <li key={index}>
              {index > 0 && <span className={css.between}>{joint}</span>}
              <span className={isGroup(item) ? css.group : css.chip}>
                <span>{words.text(fields, item)}</span>
              </span>
            </li>
          ))
        ) : (
          <li>{t('filter.complex')}</li>
        )}
      </ul>
      {segment.usable ? (
        <>
          <p className={css.big} role="status">
            {count === undefined ? '…' : t('segment.count', { n: count, shown: format.number(count) })}
            <Sparkline
              width={220}
              values={segment.history.map((each) => each.count)}
              label={t('segment.history', {
                list: format.list(segment.history.map((each) => `${each.day}: ${each.count}`)),
              })}
            />
          </p>
          <Members segment={segment} fields={fields} words={words} />
        </>
      ) : (
        <p className={css.bad}>{t('segment.unusable')}</p>
      )}
    </div>
  );
}

const membersShown = 25;

/** The first of them, and why each is there. */
function Members(props: { segment: ClientSegment; fields: FieldInfo[]; words: Words }) {
  const { segment } = props;
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(
    tablePageQuery({ filter: segment.filter, sort: 'last_contact', desc: true, columns: ['phone'] }, ''),
  );
  const [open, setOpen] = useState<number | null>(null);
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.isError) return <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />;
  if (query.data.items.length === 0) return <Empty small icon={Users} title={t('segment.nobody')} />;
  return (
    <section aria-label={t('segment.members')}>
      <ul className={css.members}>
        {query.data.items.slice(0, membersShown).map((row) => (
          <li key={row.id} data-testid="segment-member">
            <Link to="/clients/$clientId" params={{ clientId: String(row.id) }} className="strong truncate grow">
              {row.name}
            </Link>
            <Popover
              opened={open === row.id}
              onChange={(opened) => setOpen(opened ? row.id : null)}
              position="bottom-end"
              width={420}
              trapFocus
              returnFocus
            >
              <Popover.Target>
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="gray"
                  leftSection={<CircleHelp size={14} aria-hidden />}
                  aria-label={t('segment.why_of', { name: row.name })}
                  onClick={() => setOpen(open === row.id ? null : row.id)}
                  data-testid="segment-why"
                >
                  {t('segment.why')}
                </Button>
              </Popover.Target>
              <Popover.Dropdown tabIndex={-1} data-autofocus>
                {open === row.id && (
                  <Why clientId={row.id} filter={segment.filter} fields={props.fields} words={props.words} />
                )}
              </Popover.Dropdown>
            </Popover>
          </li>
        ))}
      </ul>
    </section>
  );
}
