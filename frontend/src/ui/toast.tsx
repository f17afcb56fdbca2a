import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMemo } from 'react';
import { useT } from '@/lib/i18n';

/** Short words after an action; none of them ever takes the focus. */
export function useToast() {
  const t = useT();
  return useMemo(
    () => ({
      failed(text: string) {
        notifications.show({
          message: text,
          color: 'red',
          autoClose: 8000,
          closeButtonProps: { 'aria-label': t('action.dismiss') },
          role: 'alert',
          'data-testid': 'toast-error',
        } as Parameters<typeof notifications.show>[0]);
      },
      done(text: string, undo?: () => void) {
        const id = notifications.show({
          autoClose: undo ? 10_000 : 4000,
          withCloseButton: !undo,
          closeButtonProps: { 'aria-label': t('action.dismiss') },
          color: 'accent',
          role: 'status',
          'data-testid': 'toast',
          message: undo ? (
            <span className="row">
              <span className="grow">{text}</span>
              <Button
                size="compact-xs"
                variant="default"
                data-testid="undo"
                onClick={() => {
                  notifications.hide(id);
                  undo();
                }}
              >
                {t('action.undo')}
              </Button>
            </span>
          ) : (
            text
          ),
        } as Parameters<typeof notifications.show>[0]);
      },
    }),
    [t],
  );
}
