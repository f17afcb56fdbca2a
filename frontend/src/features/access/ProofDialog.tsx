import { Alert, Button, Modal, PasswordInput, TextInput } from '@mantine/core';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { errorCode, proof } from '@/api/http';
import { useMe } from '@/api/react';
import { prove } from '@/api/security';
import { useCode, useT } from '@/lib/i18n';

/** Asks who is at the keyboard before what cannot be taken back, and lets the request go on. */
export function ProofDialog() {
  const t = useT();
  const code = useCode();
  const { user } = useMe();
  const [byCode, setByCode] = useState(false);
  const [secret, setSecret] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState(false);
  const waiting = useRef<((done: boolean) => void)[]>([]);

  useEffect(() => {
    proof.set({
      ask: () =>
        new Promise<boolean>((resolve) => {
          waiting.current.push(resolve);
          setOpen(true);
        }),
    });
    return () => proof.set(null);
  }, []);

  function finish(done: boolean) {
    for (const resolve of waiting.current.splice(0)) resolve(done);
    setOpen(false);
    setSecret('');
    setFailure('');
    setBusy(false);
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setFailure('');
    try {
      await prove(byCode ? { code: secret } : { password: secret });
      finish(true);
    } catch (error) {
      setFailure(errorCode(error));
      setBusy(false);
    }
  }

  return (
    <Modal opened={open} onClose={() => finish(false)} title={t('proof.title')} size={380} data-testid="proof">
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <p className="soft" style={{ margin: 0 }}>
          {t('proof.why')}
        </p>
        <div aria-live="polite">
          {failure && (
            <Alert color="red" variant="light" data-testid="proof-error">
              {code('error', failure)}
            </Alert>
          )}
        </div>
        {byCode ? (
          <TextInput
            label={t('second.code')}
            value={secret}
            autoComplete="one-time-code"
            data-autofocus
            onChange={(event) => setSecret(event.currentTarget.value)}
            data-testid="proof-code"
          />
        ) : (
          <PasswordInput
            label={t('login.password')}
            value={secret}
            autoComplete="current-password"
            data-autofocus
            onChange={(event) => setSecret(event.currentTarget.value)}
            data-testid="proof-password"
          />
        )}
        <div className="row">
          <Button type="submit" loading={busy} disabled={secret === ''} data-testid="proof-submit">
            {t('proof.submit')}
          </Button>
          {user.second_factor && (
            <Button
              variant="subtle"
              color="gray"
              onClick={() => {
                setByCode(!byCode);
                setSecret('');
              }}
            >
              {byCode ? t('proof.by_password') : t('proof.by_code')}
            </Button>
          )}
        </div>
      </form>
    </Modal>
  );
}
