import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Ban } from 'lucide-react';
import type { ReactNode } from 'react';
import { cardQuery } from '@/api/cards';
import { useCan, useErrorText } from '@/api/react';
import type { Card as CardData, Client } from '@/api/types';
import { useT } from '@/lib/i18n';
import { Badge, Failed, PhoneNumber, SkeletonRows } from '@/ui/kit';
import { Addresses } from './Addresses';
import { CardHead } from './CardHead';
import { CardTabs } from './CardTabs';
import css from './client.module.css';
import { Consents } from './Consents';
import { ContactPoints } from './ContactPoints';
import { Facts } from './Facts';
import { Tags } from './Tags';

export interface CardSlots {
  /** Forms that write to the client, given by whoever knows how. */
  sms(client: Client): ReactNode;
  reminder(client: Client): ReactNode;
  leads(client: Client): ReactNode;
  reminders(client: Client): ReactNode;
  files(client: Client): ReactNode;
  history(client: Client): ReactNode;
  recording(callId: number): ReactNode;
  why(client: Client): ReactNode;
  merged(client: Client): ReactNode;
  /** A hook: the tabs that the firm has added itself; `open` shows one of them. */
  useTabs(client: Client, open: (key: string) => void): CardTab[];
}

/** A part of the card that another room brings: its tab, and what is in it. */
export interface CardTab {
  key: string;
  title: string;
  render(): ReactNode;
}

/** Everything about one client, reachable in one click. */
export function ClientCard(props: { clientId: number; slots: CardSlots; tab: string; onTab(key: string): void }) {
  const errorText = useErrorText();
  const query = useQuery(cardQuery(props.clientId));
  const card = query.data;
  if (query.isError && !card) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  if (!card) {
    return (
      <div className={css.card}>
        <div className={css.side}>
          <Skeleton height={44} circle mb={12} />
          <Skeleton height={16} width="70%" mb={8} />
          <Skeleton height={10} width="45%" />
        </div>
        <SkeletonRows rows={8} height={56} />
        <div className={css.context} />
      </div>
    );
  }
  return <Card card={card} slots={props.slots} tab={props.tab} onTab={props.onTab} />;
}

function Card(props: { card: CardData; slots: CardSlots; tab: string; onTab(key: string): void }) {
  const { card, slots, tab } = props;
  const { client } = card;
  const t = useT();
  const editable = useCan()('clients.write');
  const phone = client.contact_points.find((point) => point.kind === 'phone');
  return (
    <div className={css.card} data-testid="client-card" data-client-id={client.id}>
      <div className={css.side}>
        <CardHead card={card} />
        <Tags clientId={client.id} tags={card.tags} editable={editable} />
        {phone && (
          <p className={css.mainPhone}>
            <PhoneNumber
              number={phone.value || phone.raw}
              text={phone.display || phone.raw}
              pointId={phone.masked ? phone.id : undefined}
              clientId={client.id}
              strong
            />
          </p>
        )}
        {client.sms_opt_out_at && (
          <p>
            <Badge tone="warn" icon={Ban} testId="opted-out">
              {t('client.opted_out')}
            </Badge>
          </p>
        )}
        <ContactPoints client={client} editable={editable} />
        <Addresses clientId={client.id} addresses={card.addresses} editable={editable} />
        <Facts card={card} editable={editable} />
        <Consents client={client} consents={card.consents} editable={editable} />
      </div>
      <CardTabs card={card} slots={slots} tab={tab} onTab={props.onTab} />
      <aside className={css.context} aria-label={t('client.context')}>
        {tab !== 'leads' && slots.leads(client)}
        {slots.reminders(client)}
        {slots.merged(client)}
        {slots.why(client)}
      </aside>
    </div>
  );
}
