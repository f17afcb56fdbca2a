import { Button, Modal, Radio, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeftRight, Merge as MergeIcon } from 'lucide-react';
import { useState } from 'react';
import { clientKeys, clientQuery } from '@/api/clients';
import { mergeClients, previewQuery, undoMerge, type Choice, type MergeOrder } from '@/api/merges';
import { useErrorText, useReport } from '@/api/react';
import { usersQuery } from '@/api/session';
import type { Client } from '@/api/types';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Failed } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './merge.module.css';
import { Reasons } from './Reasons';

const fields = [
  'name',
  'responsible_id',
  'organisation_id',
  'position',
  'source_id',
  'language',
  'time_zone',
  'note',
] as const;
type Field = (typeof fields)[number];

/** Two clients side by side; of each field that differs a person says whose value stays. */
export function MergeDialog(props: {
  a: number;
  b: number;
  reasons?: string[];
  onClose(): void;
  onMerged?(winner: number): void;
}) {
  const t = useT();
  const errorText = useErrorText();
  const a = useQuery(clientQuery(props.a));
  const b = useQuery(clientQuery(props.b));
  const failed = a.error ?? b.error;
  return (
    <Modal opened onClose={props.onClose} title={t('merge.title')} size={860} data-testid="merge-dialog">
      {failed && <Failed small text={errorText(failed)} retry={() => void Promise.all([a.refetch(), b.refetch()])} />}
      {!failed && !(a.data && b.data) && <Skeleton height={320} />}
      {a.data && b.data && (
        <Compare key={`${a.data.version}-${b.data.version}`} {...props} pair={ordered(a.data, b.data)} />
      )}
    </Modal>
  );
}

/** The one that the firm knows longer goes on, unless somebody turns them round. */
function ordered(a: Client, b: Client): [Client, Client] {
  return a.created_at <= b.created_at ? [a, b] : [b, a];
}

function Compare(props: {
  pair: [Client, Client];
  reasons?: string[];
  onClose(): void;
  onMerged?(winner: number): void;
}) {
  const t = useT();
  const toast = useToast();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const [turned, setTurned] = useState(false);
  const [choices, setChoices] = useState<Partial<Record<Field, Choice>>>({});
  const [winner, loser] = turned ? ([props.pair[1], props.pair[0]] as const) : props.pair;
  const order: MergeOrder = {
    winner_id: winner.id,
    loser_id: loser.id,
    winner_version: winner.version,
    loser_version: loser.version,
    fields: choices,
  };
  const preview = useQuery(previewQuery({ ...order, fields: {} }));
  const refresh = () => cache.invalidateQueries({ queryKey: clientKeys.all });
  const undo = useMutation({ mutationFn: undoMerge, onSuccess: refresh, onError: report });
  const merge = useMutation({
    mutationFn: () => mergeClients(order),
    onSuccess: (made) => {
      toast.done(t('merge.done', { name: made.winner_name }), () => undo.mutate(made.id));
      void refresh();
      props.onMerged?.(winner.id);
      props.onClose();
    },
    onError: report,
  });
  return (
    <div className="stack">
      <div className="row">
        {props.reasons && <Reasons reasons={props.reasons} />}
        <span className="grow" />
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<ArrowLeftRight size={13} aria-hidden />}
          onClick={() => setTurned(!turned)}
          data-testid="turn-round"
        >
          {t('merge.turn')}
        </Button>
      </div>
      <table className={css.compare}>
        <thead>
          <tr>
            <th scope="col" className="sr-only">
              {t('merge.field')}
            </th>
            <th scope="col">
              <span className="whisper">{t('merge.goes_on')}</span>
              <span className="strong">{winner.name}</span>
            </th>
            <th scope="col">
              <span className="whisper">{t('merge.becomes_part')}</span>
              <span className="strong">{loser.name}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <FieldRow
              key={field}
              field={field}
              winner={winner}
              loser={loser}
              choice={choices[field] ?? (winner[field] ? 'winner' : 'loser')}
              onChoose={(choice) => setChoices({ ...choices, [field]: choice })}
            />
          ))}
          <Numbers winner={winner} loser={loser} />
        </tbody>
      </table>
      {preview.isError ? (
        <p className={css.refused} role="alert">
          {errorText(preview.error)}
        </p>
      ) : (
        <p className="soft">
          <Moves rows={preview.data?.rows} /> {t('merge.can_undo')}
        </p>
      )}
      <div className="row">
        <span className="grow" />
        <Button variant="default" onClick={props.onClose}>
          {t('action.cancel')}
        </Button>
        <Button
          leftSection={<MergeIcon size={14} aria-hidden />}
          disabled={!preview.isSuccess}
          loading={merge.isPending}
          onClick={() => merge.mutate()}
          data-testid="merge"
          data-autofocus
        >
          {t('merge.do')}
        </Button>
      </div>
    </div>
  );
}

function FieldRow(props: {
  field: Field;
  winner: Client;
  loser: Client;
  choice: Choice;
  onChoose(choice: Choice): void;
}) {
  const t = useT();
  const { field, winner, loser } = props;
  const label = t(`merge.field.${field}`);
  const same = (winner[field] ?? '') === (loser[field] ?? '');
  if (same && !winner[field]) return null;
  const side = (client: Client, choice: Choice) => (
    <td>
      {same ? (
        <Value client={client} field={field} />
      ) : (
        <Radio
          name={`merge-${field}`}
          checked={props.choice === choice}
          onChange={() => props.onChoose(choice)}
          label={<Value client={client} field={field} />}
          aria-label={`${label}: ${client.name}`}
          data-testid={`choose-${field}-${choice}`}
        />
      )}
    </td>
  );
  return (
    <tr data-same={same || undefined}>
      <th scope="row">{label}</th>
      {side(winner, 'winner')}
      {side(loser, 'loser')}
    </tr>
  );
}

function Value(props: { client: Client; field: Field }) {
  const t = useT();
  const format = useFormat();
  const { client, field } = props;
  const users = useQuery(usersQuery).data ?? [];
  const organisation = useQuery({
    ...clientQuery(client.organisation_id ?? 0),
    enabled: field === 'organisation_id' && Boolean(client.organisation_id),
  });
  if (!client[field]) return <span className="whisper">{t('value.none')}</span>;
  if (field === 'responsible_id') return <>{users.find((user) => user.id === client.responsible_id)?.name ?? '…'}</>;
  if (field === 'organisation_id') return <>{organisation.data?.name ?? '…'}</>;
  if (field === 'source_id') return <>{client.source_name}</>;
  if (field === 'language') return <>{format.language(client.language)}</>;
  return <span className={css.value}>{String(client[field])}</span>;
}

/** Contact points are not chosen: all are kept, each once. */
function Numbers(props: { winner: Client; loser: Client }) {
  const t = useT();
  const shared = new Set(props.winner.contact_points.map((point) => point.value));
  const list = (client: Client) => (
    <td>
      <ul className={css.numbers}>
        {client.contact_points.map((point) => (
          <li key={point.id} data-shared={(client === props.loser && shared.has(point.value)) || undefined}>
            <span className="num">{point.display || point.value}</span> <span className="whisper">{point.label}</span>
          </li>
        ))}
      </ul>
    </td>
  );
  return (
    <tr>
      <th scope="row">{t('client.contact_points')}</th>
      {list(props.winner)}
      {list(props.loser)}
    </tr>
  );
}

/** The things worth counting for a person. */
const moving = ['calls', 'leads', 'messages', 'notes', 'files', 'reminders'] as const;

/** How much changes its owner. */
function Moves(props: { rows?: Record<string, number> | undefined }) {
  const t = useT();
  const format = useFormat();
  if (!props.rows) return <>{t('merge.counting')}</>;
  const kinds = moving.filter((kind) => props.rows?.[kind]);
  if (kinds.length === 0) return <>{t('merge.moves_nothing')}</>;
  return (
    <>
      {t('merge.moves', {
        what: format.list(kinds.map((kind) => t(`merge.kind.${kind}`, { n: props.rows?.[kind] ?? 0 }))),
      })}
    </>
  );
}
