import { Button, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { auditNamesQuery, type AuditFilter } from '@/api/audit';
import { usersQuery } from '@/api/session';
import { useCode, useT } from '@/lib/i18n';
import { useMe } from '@/api/react';
import { Badge } from '@/ui/kit';
import { Segmented } from '@/ui/Segmented';
import { dayOf, startOf } from './days';
import css from './audit.module.css';

/** What the log is narrowed by. */
export function AuditFilters(props: { filter: AuditFilter; onFilter(part: Partial<AuditFilter>): void }) {
  const t = useT();
  const code = useCode();
  const zone = useMe().firm.time_zone;
  const { filter, onFilter } = props;
  const users = useQuery(usersQuery).data ?? [];
  const names = useQuery(auditNamesQuery).data;
  const narrowed = Object.values(filter).some((value) => value !== undefined && value !== '');
  return (
    <div className={css.filters} role="search" aria-label={t('audit.filters')}>
      <TextFilter value={filter.q ?? ''} onChange={(q) => onFilter({ q: q || undefined })} />
      <Segmented
        label={t('audit.sort_of_deed')}
        value={filter.only ?? ''}
        onChange={(only) => onFilter({ only: only || undefined })}
        data={[
          { value: '', label: t('audit.all') },
          { value: 'changes', label: t('audit.changes') },
          { value: 'looks', label: t('audit.looks') },
        ]}
      />
      <Select
        aria-label={t('audit.user')}
        placeholder={t('audit.anybody')}
        clearable
        searchable
        w={170}
        value={filter.user_id ? String(filter.user_id) : null}
        onChange={(id) => onFilter({ user_id: id ? Number(id) : undefined })}
        data={users.map((user) => ({ value: String(user.id), label: user.name }))}
        data-testid="audit-user"
      />
      <Select
        aria-label={t('audit.action')}
        placeholder={t('audit.any_action')}
        clearable
        searchable
        w={190}
        value={filter.action ?? null}
        onChange={(action) => onFilter({ action: action ?? undefined })}
        data={(names?.actions ?? []).map((name) => ({ value: name, label: code('audit.action', name) }))}
        data-testid="audit-action"
      />
      <Select
        aria-label={t('audit.entity')}
        placeholder={t('audit.any_entity')}
        clearable
        w={140}
        value={filter.entity ?? null}
        onChange={(entity) => onFilter({ entity: entity ?? undefined, entity_id: undefined })}
        data={(names?.entities ?? []).map((name) => ({ value: name, label: code('audit.entity', name) }))}
        data-testid="audit-entity"
      />
      <span className="row" style={{ gap: 4 }}>
        <TextInput
          type="date"
          aria-label={t('audit.from')}
          w={130}
          value={filter.from ? dayOf(filter.from, zone) : ''}
          onChange={(event) => onFilter({ from: startOf(event.currentTarget.value, zone) })}
          data-testid="audit-from"
        />
        <span className="soft" aria-hidden>
          –
        </span>
        <TextInput
          type="date"
          aria-label={t('audit.until')}
          w={130}
          value={filter.until ? dayOf(filter.until, zone, -1) : ''}
          onChange={(event) => onFilter({ until: startOf(event.currentTarget.value, zone, 1) })}
          data-testid="audit-until"
        />
      </span>
      {filter.kind && (
        <Badge tone="accent" testId="audit-kind">
          {t(`audit.kind.${filter.kind}`)}
        </Badge>
      )}
      {narrowed && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={<X size={13} aria-hidden />}
          onClick={() =>
            onFilter({
              user_id: undefined,
              action: undefined,
              entity: undefined,
              entity_id: undefined,
              only: undefined,
              kind: undefined,
              from: undefined,
              until: undefined,
              q: undefined,
            })
          }
          data-testid="audit-clear"
        >
          {t('audit.clear')}
        </Button>
      )}
    </div>
  );
}

/** Asks a moment after the last key, so that a word is one search. */
function TextFilter(props: { value: string; onChange(text: string): void }) {
  const t = useT();
  const [text, setText] = useState(props.value);
  const latest = useRef(props.onChange);
  latest.current = props.onChange;
  const { value } = props;
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => latest.current(text), 400);
    return () => clearTimeout(timer);
  }, [text, value]);
  return (
    <TextInput
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      placeholder={t('audit.search')}
      aria-label={t('audit.search')}
      leftSection={<Search size={14} aria-hidden />}
      w={210}
      data-testid="audit-search"
    />
  );
}
