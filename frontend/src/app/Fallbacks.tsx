import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { useT } from '@/lib/i18n';
import { Empty, Failed, SkeletonRows } from '@/ui/kit';

export function Waiting() {
  return <SkeletonRows rows={12} />;
}

export function RouteFailed(props: { error: unknown; reset: () => void }) {
  return <Failed text={props.error instanceof Error ? props.error.message : String(props.error)} retry={props.reset} />;
}

export function NotFound() {
  const t = useT();
  return (
    <Empty
      icon={Compass}
      title={t('state.not_found')}
      action={
        <Button component={Link} {...({ to: '/board' } as object)} variant="default">
          {t('nav.board')}
        </Button>
      }
    />
  );
}
