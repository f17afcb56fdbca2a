import { Button, MultiSelect, Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useErrorText, useMe } from '@/api/react';
import { addToken, revokeToken, securityKeys, tokensQuery, type Token } from '@/api/security';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { SecretOnce } from '@/ui/SecretOnce';
import { useToast } from '@/ui/toast';
import { Empty, Failed, SkeletonRows } from '@/ui/kit';
import table from '@/ui/table.module.css';
import css from './access.module.css';

/** Everybody's API tokens, for whoever may revoke them. */
export function TokensPage() {
  return (
    <div className={css.sheet} data-testid="tokens-page">
      <TokenList everybody />
    </div>
  );
}

/** One's own API tokens. */
export function MyTokens() {
  const t = useT();
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState('');
  return (
    <div className="stack">
      {secret && (
        <SecretOnce label={t('token.secret')} secret={secret} onClose={() => setSecret('')} testId="token-secret" />
      )}
      <TokenList everybody={false} />
      {adding ? (
        <AddToken
          onCancel={() => setAdding(false)}
          onSecret={(made) => {
            setSecret(made);
            setAdding(false);
          }}
        />
      ) : (
        <div>
          <Button
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setAdding(true)}
            data-testid="new-token"
          >
            {t('token.new')}
          </Button>{' '}
          <Link to="/api/docs" data-testid="open-reference">
            {t('reference.open')}
          </Link>
        </div>
      )}
    </div>
  );
}

function AddToken(props: { onSecret(secret: string): void; onCancel(): void }) {
  const t = useT();
  const me = useMe();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState('90');
  const add = useMutation({
    mutationFn: () => addToken({ name: name.trim(), scopes, expires_in_days: Number(days) }),
    onSuccess: (made) => {
      void cache.invalidateQueries({ queryKey: securityKeys.myTokens });
      props.onSecret(made.secret);
    },
  });
  return (
    <form
      className="stack"
      data-testid="token-form"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <div className="row">
        <TextInput
          className="grow"
          label={t('token.name')}
          placeholder={t('token.name.example')}
          value={name}
          maxLength={60}
          autoFocus
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="token-name"
        />
        <Select
          w={150}
          label={t('token.expires')}
          value={days}
          onChange={(value) => value && setDays(value)}
          data={['7', '30', '90', '180', '365'].map((n) => ({ value: n, label: t('token.days', { n: Number(n) }) }))}
        />
      </div>
      <MultiSelect
        label={t('token.scopes')}
        description={t('token.scopes.help')}
        searchable
        value={scopes}
        onChange={setScopes}
        data={me.permissions.filter((each) => each !== 'signed_in')}
        error={add.isError ? errorText(add.error) : undefined}
        data-testid="token-scopes"
      />
      <div className="row">
        <Button
          type="submit"
          loading={add.isPending}
          disabled={!name.trim() || scopes.length === 0}
          data-testid="token-save"
        >
          {t('token.make')}
        </Button>
        <Button variant="subtle" color="gray" onClick={props.onCancel}>
          {t('action.cancel')}
        </Button>
      </div>
    </form>
  );
}

function TokenList(props: { everybody: boolean }) {
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const query = useQuery(tokensQuery(props.everybody));
  const revoke = useMutation({
    mutationFn: (id: number) => revokeToken(id, !props.everybody),
    onSuccess: () => toast.done(t('token.revoked')),
    onError: (error) => toast.failed(errorText(error)),
    onSettled: () => cache.invalidateQueries({ queryKey: ['security', 'tokens'] }),
  });
  if (query.isPending) return <SkeletonRows rows={3} />;
  if (query.isError) return <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />;
  if (query.data.length === 0) {
    return (
      <Empty small icon={KeyRound} title={t('token.none')}>
        {t('token.help')}
      </Empty>
    );
  }
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th>{t('token.name')}</th>
          {props.everybody && <th>{t('token.owner')}</th>}
          <th>{t('token.scopes')}</th>
          <th>{t('token.used')}</th>
          <th>{t('token.expires')}</th>
          <th aria-label={t('token.revoke')} />
        </tr>
      </thead>
      <tbody>
        {query.data.map((row) => (
          <TokenRow
            key={row.id}
            row={row}
            owner={props.everybody}
            busy={revoke.isPending}
            onRevoke={() => revoke.mutate(row.id)}
          />
        ))}
      </tbody>
    </table>
  );
}

function TokenRow(props: { row: Token; owner: boolean; busy: boolean; onRevoke(): void }) {
  const { row } = props;
  const t = useT();
  const now = useNow();
  const format = useFormat();
  return (
    <tr data-testid="token-row">
      <td>{row.name}</td>
      {props.owner && <td>{row.owner_name}</td>}
      <td>{(row.scopes ?? []).join(', ')}</td>
      <td>
        {row.used_at ? format.when(row.used_at, now) : t('token.never')}
        {row.used_from && <span data-note>{row.used_from}</span>}
      </td>
      <td>{format.date(row.expires_at)}</td>
      <td>
        <Button
          size="compact-sm"
          variant="default"
          disabled={props.busy}
          aria-label={t('token.revoke_this', { name: row.name })}
          onClick={props.onRevoke}
          data-testid="revoke-token"
        >
          {t('token.revoke')}
        </Button>
      </td>
    </tr>
  );
}
