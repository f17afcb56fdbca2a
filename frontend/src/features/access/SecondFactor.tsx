import { Alert, Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Download, ShieldCheck, ShieldOff } from 'lucide-react';
import { useState } from 'react';
import { useErrorText } from '@/api/react';
import {
  beginSecondFactor,
  confirmSecondFactor,
  removeSecondFactor,
  renewRecoveryCodes,
  secondFactorQuery,
  securityKeys,
  type Enrolment,
} from '@/api/security';
import { sessionKeys } from '@/api/session';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';
import { Badge, Failed, SkeletonRows } from '@/ui/kit';

/** One's own second factor: set up, recovery codes, done without. */
export function SecondFactor(props: { onDone?: () => void }) {
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const state = useQuery(secondFactorQuery);
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const failed = (error: unknown) => toast.failed(errorText(error));
  const refresh = () => {
    void cache.invalidateQueries({ queryKey: securityKeys.second });
    if (!props.onDone) void cache.invalidateQueries({ queryKey: sessionKeys.me });
  };
  const begin = useMutation({ mutationFn: beginSecondFactor, onSuccess: setEnrolment, onError: failed });
  const renew = useMutation({ mutationFn: renewRecoveryCodes, onSuccess: setCodes, onError: failed });
  const remove = useMutation({ mutationFn: removeSecondFactor, onSuccess: refresh, onError: failed });
  if (state.isPending) return <SkeletonRows rows={2} />;
  if (state.isError) return <Failed small text={errorText(state.error)} retry={() => void state.refetch()} />;
  if (codes) {
    return (
      <RecoveryCodes
        codes={codes}
        onClose={() => {
          setCodes(null);
          setEnrolment(null);
          refresh();
          props.onDone?.();
        }}
      />
    );
  }
  if (enrolment) return <Confirm enrolment={enrolment} onCodes={setCodes} onCancel={() => setEnrolment(null)} />;
  if (!state.data.enabled) {
    return (
      <div className="row">
        <div className="grow">
          <Badge icon={ShieldOff} tone={state.data.required ? 'warn' : 'plain'}>
            {state.data.required ? t('second.required') : t('second.off')}
          </Badge>
          <p className="soft" style={{ margin: '6px 0 0' }}>
            {t('second.help')}
          </p>
        </div>
        <Button variant="default" loading={begin.isPending} onClick={() => begin.mutate()} data-testid="second-begin">
          {t('second.begin')}
        </Button>
      </div>
    );
  }
  return (
    <div className="row">
      <div className="grow">
        <Badge icon={ShieldCheck} tone="good" testId="second-on">
          {t('second.on')}
        </Badge>
        <p className="soft" style={{ margin: '6px 0 0' }}>
          {t('second.left', { n: state.data.recovery_codes_left })}
        </p>
      </div>
      <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate()} data-testid="second-renew">
        {t('second.renew')}
      </Button>
      <Button
        variant="default"
        color="red"
        loading={remove.isPending}
        onClick={() => remove.mutate()}
        data-testid="second-remove"
      >
        {t('second.remove')}
      </Button>
    </div>
  );
}

function Confirm(props: { enrolment: Enrolment; onCodes(codes: string[]): void; onCancel(): void }) {
  const t = useT();
  const errorText = useErrorText();
  const [code, setCode] = useState('');
  const confirm = useMutation({ mutationFn: () => confirmSecondFactor(code), onSuccess: props.onCodes });
  return (
    <form
      className="row"
      style={{ alignItems: 'flex-start', gap: 20 }}
      data-testid="second-confirm"
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <img
        src={props.enrolment.image}
        alt={t('second.picture')}
        width={168}
        height={168}
        style={{ background: '#fff', borderRadius: 8, padding: 6 }}
      />
      <div className="stack grow">
        <p style={{ margin: 0 }}>{t('second.scan')}</p>
        <TextInput
          label={t('second.secret')}
          value={props.enrolment.secret}
          readOnly
          onFocus={(event) => event.currentTarget.select()}
          data-testid="second-secret"
        />
        <TextInput
          label={t('second.code')}
          value={code}
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          error={confirm.isError ? errorText(confirm.error) : undefined}
          onChange={(event) => setCode(event.currentTarget.value)}
          data-testid="second-code"
        />
        <div className="row">
          <Button type="submit" loading={confirm.isPending} disabled={code.trim() === ''} data-testid="second-submit">
            {t('second.confirm')}
          </Button>
          <Button variant="subtle" color="gray" onClick={props.onCancel}>
            {t('action.cancel')}
          </Button>
        </div>
      </div>
    </form>
  );
}

/** Shown this once: whoever loses the phone comes in by one of them. */
function RecoveryCodes(props: { codes: string[]; onClose(): void }) {
  const t = useT();
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${props.codes.join('\n')}\n`)}`;
  return (
    <div className="stack" data-testid="recovery-codes">
      <Alert variant="light" color="accent">
        {t('second.codes_help')}
      </Alert>
      <ol style={{ columns: 2, margin: 0, paddingLeft: 28, fontFamily: 'monospace', lineHeight: 1.9 }}>
        {props.codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="row">
        <Button
          component="a"
          href={file}
          download="centralita-recovery-codes.txt"
          variant="default"
          leftSection={<Download size={14} aria-hidden />}
        >
          {t('second.download')}
        </Button>
        <Button variant="default" onClick={() => window.print()}>
          {t('second.print')}
        </Button>
        <Button onClick={props.onClose} data-testid="codes-kept">
          {t('second.kept')}
        </Button>
      </div>
    </div>
  );
}
