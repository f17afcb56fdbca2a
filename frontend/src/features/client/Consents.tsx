import { Button, Popover, Select, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ban, Check, ChevronDown, Minus, X } from 'lucide-react';
import { useState } from 'react';
import { addConsent, cardKeys } from '@/api/cards';
import { useErrorText } from '@/api/react';
import { consentKinds, consentWays, type Client, type Consent } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { useFormat } from '@/lib/format';
import { useCode, useT } from '@/lib/i18n';
import { Badge, Section } from '@/ui/kit';
import css from './client.module.css';

/** What the client agreed to. Nothing is ever overwritten: the latest word of each kind holds. */
export function Consents(props: { client: Client; consents: Consent[]; editable: boolean }) {
  const { client, consents } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const [all, setAll] = useState(false);
  return (
    <Section title={t('consent.title')} testId="consents">
      <ul className={css.consents}>
        {consentKinds.map((kind) => (
          <Row
            key={kind}
            client={client}
            kind={kind}
            latest={consents.find((each) => each.kind === kind)}
            editable={props.editable}
          />
        ))}
      </ul>
      {consents.length > 0 && (
        <>
          <button type="button" className={css.more} aria-expanded={all} onClick={() => setAll(!all)}>
            <ChevronDown size={12} aria-hidden data-open={all || undefined} />
            {t('consent.history', { n: consents.length })}
          </button>
          {all && (
            <ol className={css.consentLog} data-testid="consent-log">
              {consents.map((each) => (
                <li key={each.id}>
                  <span>{`${code('consent.kind', each.kind)}: ${each.given ? t('consent.given') : t('consent.withdrawn')}`}</span>
                  <span className="whisper">
                    {[format.exact(each.at), each.user_name, code('consent.how', each.how), each.note]
                      .filter(Boolean)
                      .join(' · ')}
                  </span>
                </li>
              ))}
            </ol>
          )}
        </>
      )}
    </Section>
  );
}

function Row(props: { client: Client; kind: Consent['kind']; latest?: Consent | undefined; editable: boolean }) {
  const { client, kind, latest } = props;
  const t = useT();
  const code = useCode();
  const format = useFormat();
  const stopped = kind === 'sms' ? client.sms_opt_out_at : undefined;
  const detail = stopped
    ? t('consent.stopped', { date: format.date(stopped) })
    : latest
      ? [format.date(latest.at), code('consent.how', latest.how)].join(' · ')
      : '';
  return (
    <li className={css.consent} data-testid="consent" data-kind={kind} data-given={latest?.given}>
      <div className="grow">
        <span>{code('consent.kind', kind)}</span>
        {detail && <span className="whisper">{detail}</span>}
      </div>
      {stopped ? (
        <Badge tone="bad" icon={Ban}>
          {t('consent.stop')}
        </Badge>
      ) : !latest ? (
        <Badge icon={Minus}>{t('consent.unknown')}</Badge>
      ) : latest.given ? (
        <Badge tone="good" icon={Check}>
          {t('consent.given')}
        </Badge>
      ) : (
        <Badge tone="bad" icon={X}>
          {t('consent.withdrawn')}
        </Badge>
      )}
      {props.editable && <ConsentForm client={client} kind={kind} given={!latest?.given} />}
    </li>
  );
}

/** The other way round than it is now: given, or taken back. */
function ConsentForm(props: { client: Client; kind: Consent['kind']; given: boolean }) {
  const { client, kind, given } = props;
  const t = useT();
  const code = useCode();
  const cache = useQueryClient();
  const errorText = useErrorText();
  const [opened, setOpened] = useState(false);
  const draft = useDraft(`client.${client.id}.consent.${kind}`, { how: 'spoken' as Consent['how'], note: '' });
  const save = useMutation({
    mutationFn: () => addConsent(client.id, { kind, given, how: draft.value.how, note: draft.value.note.trim() }),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: cardKeys.one(client.id) });
      draft.clear();
      setOpened(false);
    },
  });
  const word = given ? t('consent.give') : t('consent.withdraw');
  return (
    <Popover opened={opened} onChange={setOpened} width={260} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          aria-label={`${word}: ${code('consent.kind', kind)}`}
          onClick={() => setOpened(!opened)}
          data-testid="consent-change"
        >
          {word}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="stack"
          style={{ gap: 8 }}
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Select
            label={t('consent.how')}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
            value={draft.value.how}
            onChange={(how) => how && draft.patch({ how: how as Consent['how'] })}
            data={consentWays.map((each) => ({ value: each, label: code('consent.how', each) }))}
          />
          <TextInput
            label={t('consent.note')}
            maxLength={500}
            value={draft.value.note}
            onChange={(event) => draft.patch({ note: event.currentTarget.value })}
            data-testid="consent-note"
          />
          {save.isError && (
            <p role="alert" className={css.error}>
              {errorText(save.error)}
            </p>
          )}
          <Button type="submit" loading={save.isPending} data-testid="consent-save">
            {word}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
