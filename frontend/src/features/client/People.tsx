import { ActionIcon } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Building2, UserRound, Users, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { cardKeys, relate, unrelate } from '@/api/cards';
import { clientKeys, clientQuery, saveClient } from '@/api/clients';
import { useCan, useReport } from '@/api/react';
import type { Card, Colleague, NamedClient, Relation } from '@/api/types';
import { useT } from '@/lib/i18n';
import { Badge, Empty, PhoneNumber, Section } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import { AddPerson } from './AddPerson';
import css from './client.module.css';

/** With whom the client has to do: the people of an organisation, and whoever else. */
export function People(props: { card: Card }) {
  const { client, people, relations } = props.card;
  const t = useT();
  const editable = useCan()('clients.write');
  const organisation = client.kind === 'organisation';
  return (
    <div className={css.tabBody}>
      {organisation && (
        <Section title={t('people.staff')} testId="staff">
          <ul className={css.people}>
            {people.map((each) => (
              <StaffRow key={each.id} employer={client.id} person={each} editable={editable} />
            ))}
          </ul>
          {people.length === 0 && <p className="soft">{t('people.no_staff')}</p>}
          {editable && <AddPerson client={client} as="staff" exclude={people.map((each) => each.id)} />}
        </Section>
      )}
      <Section title={t('people.relations')} testId="relations">
        <ul className={css.people}>
          {relations.map((each) => (
            <RelationRow key={each.id} clientId={client.id} relation={each} editable={editable} />
          ))}
        </ul>
        {relations.length === 0 && (
          <Empty small icon={Users} title={t('people.none')}>
            {t('people.none.text')}
          </Empty>
        )}
        {editable && <AddPerson client={client} as="relation" exclude={[]} />}
      </Section>
    </div>
  );
}

function PersonRow(props: {
  person: NamedClient;
  role: string;
  phone: string;
  masked: boolean;
  archived: boolean;
  action: ReactNode;
  testId: string;
}) {
  const { person } = props;
  const t = useT();
  const Icon = person.kind === 'organisation' ? Building2 : UserRound;
  return (
    <li className={css.person} data-testid={props.testId} data-client-id={person.id}>
      <Icon size={15} className={css.kind} aria-hidden />
      <div className="grow">
        <span className="row">
          <Link
            to="/clients/$clientId"
            params={{ clientId: String(person.id) }}
            className={`strong truncate ${css.personName}`}
          >
            {person.name}
          </Link>
          {props.archived && <Badge>{t('client.archived_short')}</Badge>}
        </span>
        {props.role && <span className="whisper">{props.role}</span>}
      </div>
      {props.phone && <PhoneNumber number={props.phone} clientId={person.id} dialable={!props.masked} />}
      {props.action}
    </li>
  );
}

function RelationRow(props: { clientId: number; relation: Relation; editable: boolean }) {
  const { clientId, relation } = props;
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const refresh = () => cache.invalidateQueries({ queryKey: cardKeys.one(clientId) });
  const remove = useMutation({
    mutationFn: () => unrelate(clientId, relation.id),
    onSuccess: (was) => {
      void refresh();
      toast.done(t('people.removed', { name: relation.other.name }), () => {
        void relate(clientId, { other_id: was.other.id, role: was.role, own_role: was.own_role })
          .then(refresh)
          .catch(report);
      });
    },
    onError: report,
  });
  const own = relation.own_role && relation.own_role !== relation.role ? relation.own_role : '';
  return (
    <PersonRow
      person={relation.other}
      role={[relation.role, own && t('people.client_is', { role: own })].filter(Boolean).join(' · ')}
      phone={relation.phone}
      masked={relation.masked ?? false}
      archived={relation.archived_at !== undefined}
      testId="relation"
      action={
        props.editable && (
          <ActionIcon
            aria-label={t('people.remove', { name: relation.other.name })}
            title={t('action.remove')}
            onClick={() => remove.mutate()}
            data-testid="remove-relation"
          >
            <X size={14} aria-hidden />
          </ActionIcon>
        )
      }
    />
  );
}

function StaffRow(props: { employer: number; person: Colleague; editable: boolean }) {
  const { employer, person } = props;
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const place = async (organisation_id: number | null) => {
    const { version } = await cache.fetchQuery({ ...clientQuery(person.id), staleTime: 0 });
    await saveClient(person.id, { organisation_id, version });
    await cache.invalidateQueries({ queryKey: clientKeys.one(employer) });
  };
  const remove = useMutation({
    mutationFn: () => place(null),
    onSuccess: () => toast.done(t('people.left', { name: person.name }), () => void place(employer).catch(report)),
    onError: report,
  });
  return (
    <PersonRow
      person={person}
      role={person.position}
      phone={person.phone}
      masked={person.masked ?? false}
      archived={person.archived_at !== undefined}
      testId="colleague"
      action={
        props.editable && (
          <ActionIcon
            aria-label={t('people.leave', { name: person.name })}
            title={t('action.remove')}
            onClick={() => remove.mutate()}
            data-testid="remove-colleague"
          >
            <X size={14} aria-hidden />
          </ActionIcon>
        )
      }
    />
  );
}
