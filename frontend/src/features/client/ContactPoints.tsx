import { ActionIcon, Button, Menu, Select, TextInput, Tooltip } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Mail, Pencil, Phone, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { keepClient } from '@/api/cards';
import { addPoint, clientKeys, removePoint, savePoint } from '@/api/clients';
import { useErrorText, useReport } from '@/api/react';
import { pointKinds, type Client, type ContactPoint, type PointKind } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useCode, useT } from '@/lib/i18n';
import { PhoneNumber, Section } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './client.module.css';

/** How the client can be reached: as written, as read, with where it came from. */
export function ContactPoints(props: { client: Client; editable: boolean }) {
  const { client } = props;
  const t = useT();
  const [editing, setEditing] = useState<number | 'new' | null>(null);
  const points = client.contact_points ?? [];
  return (
    <Section
      title={t('client.contact_points')}
      testId="contact-points"
      actions={
        props.editable && (
          <ActionIcon
            aria-label={t('client.add_point')}
            title={t('client.add_point')}
            onClick={() => setEditing('new')}
            data-testid="add-contact-point"
          >
            <Plus size={15} aria-hidden />
          </ActionIcon>
        )
      }
    >
      <ul className={css.pointList}>
        {points.map((point) =>
          editing === point.id ? (
            <li key={point.id}>
              <PointForm client={client} point={point} onDone={() => setEditing(null)} />
            </li>
          ) : (
            <Point
              key={point.id}
              client={client}
              point={point}
              editable={props.editable}
              onEdit={() => setEditing(point.id)}
            />
          ),
        )}
        {points.length === 0 && editing !== 'new' && <li className="soft">{t('client.no_points')}</li>}
        {editing === 'new' && (
          <li>
            <PointForm client={client} onDone={() => setEditing(null)} />
          </li>
        )}
      </ul>
    </Section>
  );
}

function useStore(client: Client) {
  const cache = useQueryClient();
  return (saved: Client | undefined) => {
    if (saved) keepClient(cache, saved);
    else void cache.invalidateQueries({ queryKey: clientKeys.one(client.id) });
  };
}

function Point(props: { client: Client; point: ContactPoint; editable: boolean; onEdit(): void }) {
  const { client, point } = props;
  const t = useT();
  const code = useCode();
  const report = useReport();
  const toast = useToast();
  const store = useStore(client);
  const remove = useMutation({
    mutationFn: () => removePoint(client.id, point.id),
    onSuccess: (saved) => {
      store(saved);
      toast.done(t('client.point_removed'), () => {
        void addPoint(client.id, { kind: point.kind, raw: point.raw, label: point.label }).then(store).catch(report);
      });
    },
    onError: report,
  });
  const Icon = point.kind === 'email' ? Mail : Phone;
  const readings = (point.readings ?? []).map((each) => `${each.e164} ${Math.round(each.confidence)}`).join(' · ');
  return (
    <li className={css.point} data-testid="contact-point" data-point-id={point.id}>
      <Icon size={14} className={css.kind} aria-hidden />
      <div className="grow">
        {point.kind === 'phone' ? (
          <Tooltip label={readings || point.raw} disabled={!readings}>
            <span>
              <PhoneNumber
                number={point.value || point.raw}
                text={point.display || point.raw}
                pointId={point.masked ? point.id : undefined}
                clientId={client.id}
              />
            </span>
          </Tooltip>
        ) : point.masked ? (
          <span className="truncate">{point.display}</span>
        ) : (
          <a href={`mailto:${encodeURIComponent(point.value || point.raw)}`} className="truncate">
            {point.display || point.raw}
          </a>
        )}
        <span className="whisper truncate">
          {[point.label, point.source ? code('source', point.source) : ''].filter(Boolean).join(' · ')}
        </span>
      </div>
      {props.editable && !point.masked && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={t('action.more')} data-testid="contact-point-menu">
              <Ellipsis size={15} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<Pencil size={14} aria-hidden />}
              onClick={props.onEdit}
              data-testid="edit-contact-point"
            >
              {t('action.edit')}
            </Menu.Item>
            <Menu.Item
              leftSection={<Trash2 size={14} aria-hidden />}
              onClick={() => remove.mutate()}
              data-testid="remove-contact-point"
            >
              {t('action.remove')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

function PointForm(props: { client: Client; point?: ContactPoint; onDone(): void }) {
  const { client, point, onDone } = props;
  const t = useT();
  const code = useCode();
  const errorText = useErrorText();
  const store = useStore(client);
  const draft = useDraft(`client.${client.id}.point.${point?.id ?? 'new'}`, {
    kind: (point?.kind ?? 'phone') as PointKind,
    raw: point?.raw ?? '',
    label: point?.label ?? '',
  });
  const fields = draft.value;
  const save = useMutation({
    mutationFn: () =>
      point
        ? savePoint(client.id, point.id, { raw: fields.raw.trim(), label: fields.label.trim() })
        : addPoint(client.id, { kind: fields.kind, raw: fields.raw.trim(), label: fields.label.trim() }),
    onSuccess: (saved) => {
      draft.clear();
      store(saved);
      onDone();
    },
  });
  const close = () => {
    draft.clear();
    onDone();
  };
  return (
    <form
      className={css.pointForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (fields.raw.trim()) save.mutate();
      }}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <div className="row">
        {!point && (
          <Select
            aria-label={t('client.point_kind')}
            w={104}
            value={fields.kind}
            onChange={(kind) => kind && draft.patch({ kind: kind as PointKind })}
            data={pointKinds.map((kind) => ({ value: kind, label: code('point', kind) }))}
          />
        )}
        <TextInput
          autoFocus
          className="grow num"
          aria-label={t('client.point_value')}
          value={fields.raw}
          onChange={(event) => draft.patch({ raw: event.currentTarget.value })}
          error={save.isError ? errorText(save.error) : undefined}
          data-testid="contact-point-value"
        />
      </div>
      <TextInput
        aria-label={t('client.point_label')}
        placeholder={t('client.point_label')}
        value={fields.label}
        onChange={(event) => draft.patch({ label: event.currentTarget.value })}
        data-testid="contact-point-label"
      />
      <div className="row">
        <Button type="submit" size="compact-sm" loading={save.isPending} data-testid="contact-point-save">
          {t('action.save')}
        </Button>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={close}>
          {t('action.cancel')}
        </Button>
      </div>
    </form>
  );
}
