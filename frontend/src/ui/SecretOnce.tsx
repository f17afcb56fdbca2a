import { Alert, Button, CopyButton, TextInput } from '@mantine/core';
import { Copy } from 'lucide-react';
import { useT } from '@/lib/i18n';

/** A secret that is shown this once, to be copied. */
export function SecretOnce(props: { label: string; secret: string; onClose(): void; testId: string }) {
  const t = useT();
  return (
    <Alert
      variant="light"
      color="accent"
      title={t('token.once')}
      withCloseButton
      closeButtonLabel={t('action.dismiss')}
      onClose={props.onClose}
      mb={12}
    >
      <div className="row">
        <TextInput
          className="grow"
          aria-label={props.label}
          value={props.secret}
          readOnly
          onFocus={(event) => event.currentTarget.select()}
          data-testid={props.testId}
        />
        <CopyButton value={props.secret}>
          {({ copied, copy }) => (
            <Button variant="default" leftSection={<Copy size={14} aria-hidden />} onClick={copy}>
              {copied ? t('token.copied') : t('token.copy')}
            </Button>
          )}
        </CopyButton>
      </div>
    </Alert>
  );
}
