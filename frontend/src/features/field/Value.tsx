import { Link } from '@tanstack/react-router';
import { EyeOff, TriangleAlert } from 'lucide-react';
import type { CustomField, FieldValue } from '@/api/fields';
import { useCode, useT } from '@/lib/i18n';
import { Badge } from '@/ui/kit';
import { useShown } from './looks';

/** A value as it is read: a record is a way to it, a formula that came to nothing says why. */
export function Value(props: { field: CustomField; value: FieldValue | undefined; clientId: number }) {
  const { field, value } = props;
  const t = useT();
  const code = useCode();
  const shown = useShown();
  if (value?.hidden) {
    return (
      <span className="row whisper" style={{ gap: 4 }} title={t('custom.hidden.text')}>
        <EyeOff size={12} aria-hidden /> {t('custom.hidden')}
      </span>
    );
  }
  if (value?.error) {
    return (
      <Badge tone="warn" icon={TriangleAlert}>
        {code('custom.error', value.error)}
      </Badge>
    );
  }
  const text = shown(field, value);
  if (!text || !value) return <span className="whisper">—</span>;
  if (field.type === 'reference' && field.options.refers === 'client') {
    return (
      <Link to="/clients/$clientId" params={{ clientId: value.value }} onClick={(event) => event.stopPropagation()}>
        {text}
      </Link>
    );
  }
  if (field.type === 'reference' && field.options.refers === 'lead') {
    return (
      <Link to="/leads/$leadId" params={{ leadId: value.value }} onClick={(event) => event.stopPropagation()}>
        {text}
      </Link>
    );
  }
  if (field.type === 'file') {
    return (
      <a href={`/api/files/${value.value}/content`} onClick={(event) => event.stopPropagation()}>
        {text}
      </a>
    );
  }
  return <span>{text}</span>;
}
