import { ActionIcon, Button, Menu, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import {
  Archive,
  ArchiveRestore,
  Building2,
  ChevronLeft,
  ChevronRight,
  Ellipsis,
  Pin,
  Trash2,
  UserRound,
} from 'lucide-react';
import { useState } from 'react';
import { archiveClient, cardKeys, deleteClient, keepClient, pinClient, restoreClient } from '@/api/cards';
import { clientKeys } from '@/api/clients';
import { useCan, useReport } from '@/api/react';
import type { Card, Client } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { useShortcut } from '@/lib/shortcuts';
import { walkFrom, walkTo } from '@/lib/walk';
import { Avatar, Badge } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './client.module.css';
import { useSave } from './useSave';

/** Who it is, and what can be done with the card as a whole. */
export function CardHead(props: { card: Card }) {
  const { client, pinned, organisation } = props.card;
  const t = useT();
  const Kind = client.kind === 'organisation' ? Building2 : UserRound;
  return (
    <>
      <div className={css.headActions}>
        <Walk clientId={client.id} />
        <span className="grow" />
        <PinButton client={client} pinned={pinned} />
        <CardMenu client={client} />
      </div>
      <header className={css.head}>
        <Avatar name={client.name} size={44} square={client.kind === 'organisation'} />
        <div className="grow">
          <Name client={client} />
          <p className={`whisper ${css.kindLine}`}>
            <Kind size={12} aria-hidden />
            {client.kind === 'organisation' ? t('client.organisation') : client.position || t('client.person')}
            {organisation && (
              <>
                <span aria-hidden>·</span>
                <Link to="/clients/$clientId" params={{ clientId: String(organisation.id) }} className={css.link}>
                  {organisation.name}
                </Link>
              </>
            )}
          </p>
        </div>
      </header>
      {client.archived_at && <Archived client={client} at={client.archived_at} />}
    </>
  );
}

/** On to the next of the list that one came from. */
function Walk(props: { clientId: number }) {
  const t = useT();
  const navigate = useNavigate();
  const walk = walkFrom(props.clientId);
  const go = (id: number | null) => {
    if (id === null) return;
    walkTo(id);
    void navigate({
      to: '/clients/$clientId',
      params: { clientId: String(id) },
      search: (before) => ({ tab: before.tab }),
      replace: true,
    });
  };
  useShortcut('row_down', walk?.next ? () => go(walk.next) : null);
  useShortcut('row_up', walk?.previous ? () => go(walk.previous) : null);
  if (!walk) return null;
  return (
    <span className={css.walk} data-testid="walk">
      <ActionIcon
        aria-label={t('walk.previous')}
        title={`${t('walk.previous')} (K)`}
        disabled={!walk.previous}
        onClick={() => go(walk.previous)}
        data-testid="walk-previous"
      >
        <ChevronLeft size={15} aria-hidden />
      </ActionIcon>
      <span className="whisper num">{t('walk.place', { place: walk.place, count: walk.count })}</span>
      <ActionIcon
        aria-label={t('walk.next')}
        title={`${t('walk.next')} (J)`}
        disabled={!walk.next}
        onClick={() => go(walk.next)}
        data-testid="walk-next"
      >
        <ChevronRight size={15} aria-hidden />
      </ActionIcon>
    </span>
  );
}

function PinButton(props: { client: Client; pinned: boolean }) {
  const { client, pinned } = props;
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const pin = useMutation({
    mutationFn: (next: boolean) => pinClient(client.id, next),
    onMutate: (next) => cache.setQueryData<Card>(cardKeys.one(client.id), (card) => card && { ...card, pinned: next }),
    onSuccess: () => cache.invalidateQueries({ queryKey: cardKeys.atHand }),
    onError: (error) => {
      report(error);
      void cache.invalidateQueries({ queryKey: cardKeys.one(client.id) });
    },
  });
  const label = pinned ? t('client.unpin') : t('client.pin');
  return (
    <ActionIcon
      aria-label={label}
      aria-pressed={pinned}
      color={pinned ? 'accent' : 'gray'}
      variant={pinned ? 'light' : 'subtle'}
      title={label}
      onClick={() => pin.mutate(!pinned)}
      data-testid="pin-client"
    >
      <Pin size={15} fill={pinned ? 'currentColor' : 'none'} aria-hidden />
    </ActionIcon>
  );
}

function useArchive(client: Client) {
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const restore = useMutation({
    mutationFn: () => restoreClient(client.id),
    onSuccess: (saved) => {
      keepClient(cache, saved);
      toast.done(t('client.restored'));
    },
    onError: report,
  });
  const archive = useMutation({
    mutationFn: () => archiveClient(client.id),
    onSuccess: (saved) => {
      keepClient(cache, saved);
      toast.done(t('client.archived'), () => restore.mutate());
    },
    onError: report,
  });
  return { archive, restore };
}

function Archived(props: { client: Client; at: string }) {
  const t = useT();
  const can = useCan();
  const format = useFormat();
  const { restore } = useArchive(props.client);
  return (
    <div className={css.archived} data-testid="archived">
      <Badge tone="warn" icon={Archive}>
        {t('client.archived_since', { date: format.date(props.at) })}
      </Badge>
      {can('clients.write') && (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<ArchiveRestore size={13} aria-hidden />}
          loading={restore.isPending}
          onClick={() => restore.mutate()}
          data-testid="restore-client"
        >
          {t('client.restore')}
        </Button>
      )}
    </div>
  );
}

function CardMenu(props: { client: Client }) {
  const { client } = props;
  const t = useT();
  const can = useCan();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const navigate = useNavigate();
  const { archive, restore } = useArchive(client);
  const bringBack = useMutation({
    mutationFn: () => restoreClient(client.id),
    onSuccess: (saved) => {
      keepClient(cache, saved);
      void navigate({ to: '/clients/$clientId', params: { clientId: String(client.id) } });
    },
    onError: report,
  });
  const remove = useMutation({
    mutationFn: () => deleteClient(client.id),
    onSuccess: async () => {
      await navigate({ to: '/clients', search: {} });
      cache.removeQueries({ queryKey: clientKeys.one(client.id) });
      void cache.invalidateQueries({ queryKey: clientKeys.all });
      toast.done(t('client.deleted', { name: client.name }), () => bringBack.mutate());
    },
    onError: report,
  });
  if (!can('clients.write') && !can('clients.delete')) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={t('action.more')} data-testid="card-menu">
          <Ellipsis size={15} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {can('clients.write') &&
          (client.archived_at ? (
            <Menu.Item leftSection={<ArchiveRestore size={14} aria-hidden />} onClick={() => restore.mutate()}>
              {t('client.restore')}
            </Menu.Item>
          ) : (
            <Menu.Item
              leftSection={<Archive size={14} aria-hidden />}
              onClick={() => archive.mutate()}
              data-testid="archive-client"
            >
              {t('client.archive')}
            </Menu.Item>
          ))}
        {can('clients.delete') && (
          <Menu.Item
            leftSection={<Trash2 size={14} aria-hidden />}
            onClick={() => remove.mutate()}
            data-testid="delete-client"
          >
            {t('client.delete')}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function Name(props: { client: Client }) {
  const { client } = props;
  const t = useT();
  const can = useCan();
  const save = useSave(client);
  const draft = useDraft(`client.${client.id}.name`, '');
  const [editing, setEditing] = useState(draft.dirty);
  if (!editing) {
    return (
      <h1 className={css.name} data-testid="client-card-name">
        {can('clients.write') ? (
          <button type="button" title={t('client.rename')} onClick={() => setEditing(true)} data-testid="rename-client">
            {client.name}
          </button>
        ) : (
          client.name
        )}
      </h1>
    );
  }
  const close = () => {
    draft.clear();
    setEditing(false);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const name = draft.value.trim();
        if (name && name !== client.name) save.mutate({ name }, { onSuccess: close });
        else close();
      }}
    >
      <h1 className="sr-only">{client.name}</h1>
      <TextInput
        autoFocus
        aria-label={t('clients.name')}
        value={draft.value || client.name}
        onChange={(event) => draft.set(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && close()}
        data-testid="client-name"
      />
    </form>
  );
}
