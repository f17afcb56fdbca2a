import { Button } from '@mantine/core';
import type { Me } from '@/api/types';
import { useT } from '@/lib/i18n';
import { PasswordForm } from './PasswordForm';
import { ProofDialog } from './ProofDialog';
import { SecondFactor } from './SecondFactor';
import css from './login.module.css';

/** What somebody has to do before anything else: choose a password, set up a second factor. */
export function Due(props: { what: NonNullable<Me['due']>; onDone(): void; onSignOut(): void }) {
  const t = useT();
  return (
    <main className={css.screen} data-testid="due">
      <div className={css.form} style={{ maxWidth: 460 }}>
        <header className={css.head}>
          <img src="/icon.svg" alt="" width={36} height={36} />
          <h1>{t(`due.${props.what}`)}</h1>
          <p className="soft">{t(`due.${props.what}.why`)}</p>
        </header>
        {props.what === 'password_change_required' ? (
          <PasswordForm onDone={props.onDone} />
        ) : (
          <SecondFactor onDone={props.onDone} />
        )}
        <ProofDialog />
      </div>
      <Button variant="subtle" color="gray" onClick={props.onSignOut}>
        {t('profile.sign_out')}
      </Button>
    </main>
  );
}
