import { Button, Popover, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleSlash, ShieldQuestion } from 'lucide-react';
import { useState } from 'react';
import { useErrorText } from '@/api/react';
import { whyQuery, type Reason, type Verb, type Why as Answer } from '@/api/roles';
import { usersQuery } from '@/api/session';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Failed, SkeletonRows } from '@/ui/kit';
import { useRoleName } from './roleName';
import css from './roles.module.css';

const verbs: Verb[] = ['read', 'change', 'delete', 'export'];

/** Says of any colleague why he can see this record, or why he cannot. */
export function Why(props: { entity: 'client' | 'lead'; id: number }) {
  const t = useT();
  const [who, setWho] = useState<string | null>(null);
  const users = useQuery(usersQuery).data ?? [];
  return (
    <Popover width={340} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          leftSection={<ShieldQuestion size={14} aria-hidden />}
          data-testid="why"
        >
          {t('why.ask')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="stack" style={{ gap: 8 }}>
          <Select
            label={t('why.who')}
            searchable
            value={who}
            onChange={setWho}
            comboboxProps={{ withinPortal: false }}
            data={users.filter((user) => user.active).map((user) => ({ value: String(user.id), label: user.name }))}
            data-testid="why-user"
          />
          {who && <Reasons entity={props.entity} id={props.id} userId={Number(who)} />}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Reasons(props: { entity: 'client' | 'lead'; id: number; userId: number }) {
  const errorText = useErrorText();
  const query = useQuery(whyQuery(props.entity, props.id, props.userId));
  if (query.isPending) return <SkeletonRows rows={2} />;
  if (query.isError) return <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />;
  return <Verdict answer={query.data} />;
}

function Verdict(props: { answer: Answer }) {
  const { answer } = props;
  const t = useT();
  const code = useCode();
  const nameOf = useRoleName();
  const given = verbs.filter((verb) => answer.may[verb]).map((verb) => code('verb', verb));
  const Icon = answer.may.read ? CircleCheck : CircleSlash;
  return (
    <div data-testid="why-answer" data-may={String(Boolean(answer.may.read))}>
      <p className="row strong" style={{ margin: 0 }}>
        <Icon size={14} aria-hidden />
        {answer.may.read ? t('why.may', { verbs: given.join(', ') }) : t('why.may_not')}
      </p>
      <p className="soft" style={{ margin: '4px 0 8px' }}>
        {t('why.roles', {
          roles: (answer.roles ?? []).map((role) => nameOf(role)).join(', '),
          scope: code('scope', answer.scope),
        })}
      </p>
      <ul className={css.plain}>
        {(answer.reasons ?? []).map((reason) => (
          <li key={`${reason.kind} ${reason.user_name} ${reason.team_name} ${reason.note}`} data-kind={reason.kind}>
            <Sentence reason={reason} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Sentence(props: { reason: Reason }) {
  const { reason } = props;
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const values = {
    name: reason.user_name ?? '',
    team: reason.team_name ?? '',
    until: reason.until ? format.when(reason.until, now) : '',
  };
  switch (reason.kind) {
    case 'scope_all':
      return <>{t('why.scope_all')}</>;
    case 'own':
      return <>{t('why.own')}</>;
    case 'deputy':
      return <>{t('why.deputy', values)}</>;
    case 'team':
      return <>{t('why.team', values)}</>;
    case 'unowned':
      return <>{t('why.unowned')}</>;
    case 'share':
      return <>{t('why.share', values)}</>;
    default:
      return <>{t('why.none')}</>;
  }
}
