import { Button, PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useErrorText } from '@/api/react';
import { changePassword } from '@/api/security';
import { useT } from '@/lib/i18n';
import { useToast } from '@/ui/toast';

/** Another password for the one that is known; all other browsers are signed out. */
export function PasswordForm(props: { onDone?: () => void }) {
  const t = useT();
  const toast = useToast();
  const errorText = useErrorText();
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const change = useMutation({
    mutationFn: () => changePassword(current, fresh),
    onSuccess: () => {
      setCurrent('');
      setFresh('');
      toast.done(t('password.changed'));
      props.onDone?.();
    },
  });
  return (
    <form
      className="stack"
      data-testid="password-form"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <PasswordInput
        label={t('password.current')}
        autoComplete="current-password"
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
        data-testid="password-current"
      />
      <PasswordInput
        label={t('user.new_password')}
        description={t('password.rules')}
        autoComplete="new-password"
        value={fresh}
        error={change.isError ? errorText(change.error) : undefined}
        onChange={(event) => setFresh(event.currentTarget.value)}
        data-testid="password-new"
      />
      <div>
        <Button
          type="submit"
          variant="default"
          loading={change.isPending}
          disabled={!current || !fresh}
          data-testid="password-save"
        >
          {t('password.change')}
        </Button>
      </div>
    </form>
  );
}
