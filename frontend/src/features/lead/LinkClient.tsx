import { Button, Popover, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link2, Search } from 'lucide-react';
import { useState } from 'react';
import { byNumberQuery, searchQuery } from '@/api/clients';
import { useErrorText } from '@/api/react';
import type { LeadDetail } from '@/api/types';
import { useCode, useT } from '@/lib/i18n';
import { Avatar } from '@/ui/kit';
import type { LeadActions } from './actions';
import css from './lead.module.css';

interface Choice {
  id: number;
  name: string;
  note: string;
}

/** Whose enquiry it is, when that client is on the books already: those its number names first, then whom one finds. */
export function LinkClient(props: { lead: LeadDetail; actions: LeadActions }) {
  const t = useT();
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={340} trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<Link2 size={14} aria-hidden />}
          onClick={() => setOpened(!opened)}
          data-testid="lead-link"
        >
          {t('lead.link')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Chooser
          number={props.lead.number}
          onChoose={(choice) => {
            setOpened(false);
            props.actions.link.mutate({ leadId: props.lead.id, clientId: choice.id, name: choice.name });
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

function Chooser(props: { number: string; onChoose(choice: Choice): void }) {
  const t = useT();
  const code = useCode();
  const errorText = useErrorText();
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text.trim(), 150);
  const byNumber = useQuery({ ...byNumberQuery(props.number), enabled: props.number !== '' });
  const found = useQuery({ ...searchQuery(q), enabled: q !== '' });
  const candidates = (byNumber.data?.items ?? []).map((each) => ({
    id: each.client_id,
    name: each.name,
    note: code('match', each.reason),
  }));
  const hits = (found.data?.clients ?? []).map((each) => ({ id: each.id, name: each.name, note: each.primary_phone }));
  const list = q === '' ? candidates : hits;
  const failed = q === '' ? byNumber.error : found.error;
  return (
    <div className="stack" style={{ gap: 8 }}>
      <TextInput
        label={t('lead.link.search')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        leftSection={<Search size={14} aria-hidden />}
        data-autofocus
        data-testid="link-search"
      />
      {failed ? (
        <p className="soft">{errorText(failed)}</p>
      ) : list.length === 0 ? (
        <p className="soft" role="status">
          {q === '' ? t('lead.link.none') : found.isFetching ? t('state.loading') : t('lead.link.not_found')}
        </p>
      ) : (
        <ul className={css.choices} aria-label={t('ring.candidates')}>
          {list.slice(0, 8).map((each) => (
            <li key={each.id}>
              <button
                type="button"
                className={css.choice}
                onClick={() => props.onChoose(each)}
                data-testid="link-choice"
                data-client-id={each.id}
              >
                <Avatar name={each.name} size={24} />
                <span className="grow truncate">{each.name}</span>
                <span className="whisper truncate">{each.note}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
