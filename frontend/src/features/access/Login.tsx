import { Alert, Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { errorCode } from '@/api/http';
import { signIn } from '@/api/session';
import type { Me } from '@/api/types';
import { localeNames, locales, useCode, useT, type Locale } from '@/lib/i18n';
import css from './login.module.css';

/** The door, with a second step for whoever has a second factor. With `knownLogin` it asks the same person again. */
export function Login(props: {
  locale: Locale;
  onLocale(locale: Locale): void;
  onSignedIn(me: Me): void;
  knownLogin?: string;
}) {
  const t = useT();
  const code = useCode();
  const [login, setLogin] = useState(props.knownLogin ?? '');
  const [password, setPassword] = useState('');
  const [asksCode, setAsksCode] = useState(false);
  const [second, setSecond] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setFailure('');
    try {
      props.onSignedIn(await signIn(login.trim(), password, asksCode ? second.trim() : undefined));
    } catch (error) {
      const reason = errorCode(error);
      if (reason === 'code_required') setAsksCode(true);
      else setFailure(reason);
      setSecond('');
      setBusy(false);
    }
  }

  return (
    <main className={css.screen}>
      <form className={css.form} onSubmit={(event) => void submit(event)} data-testid="login-form">
        <header className={css.head}>
          <img src="/icon.svg" alt="" width={36} height={36} />
          <h1>Centralita</h1>
          <p className="soft">{props.knownLogin ? t('login.again') : t('login.welcome')}</p>
        </header>
        <div aria-live="polite">
          {failure && (
            <Alert color="red" variant="light" data-testid="login-error" data-code={failure}>
              {code('error', failure)}
            </Alert>
          )}
        </div>
        <TextInput
          size="sm"
          label={t('login.login')}
          name="login"
          autoComplete="username"
          autoFocus={!props.knownLogin}
          required
          withAsterisk={false}
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
          data-testid="login"
        />
        <PasswordInput
          size="sm"
          label={t('login.password')}
          name="password"
          autoComplete="current-password"
          autoFocus={Boolean(props.knownLogin)}
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          data-testid="password"
        />
        {asksCode && (
          <TextInput
            size="sm"
            label={t('second.code')}
            description={t('login.code.help')}
            name="code"
            autoComplete="one-time-code"
            autoFocus
            required
            withAsterisk={false}
            value={second}
            onChange={(event) => setSecond(event.currentTarget.value)}
            data-testid="login-code"
          />
        )}
        <Button type="submit" size="sm" fullWidth loading={busy} data-testid="login-submit">
          {t('login.submit')}
        </Button>
      </form>
      <nav className={css.languages} aria-label={t('profile.language')}>
        {locales.map((locale) => (
          <button
            key={locale}
            type="button"
            lang={locale}
            aria-pressed={locale === props.locale}
            onClick={() => props.onLocale(locale)}
            data-testid={`locale-${locale}`}
          >
            {localeNames[locale]}
          </button>
        ))}
      </nav>
    </main>
  );
}
