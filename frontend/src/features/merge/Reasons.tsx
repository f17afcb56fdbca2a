import { AtSign, Building2, Phone, UserRound, type LucideIcon } from 'lucide-react';
import { useCode } from '@/lib/i18n';
import { Badge } from '@/ui/kit';

const looks: Record<string, LucideIcon> = { number: Phone, email: AtSign, name: UserRound, organisation: Building2 };

/** Why two clients may be one. */
export function Reasons(props: { reasons: string[] }) {
  const code = useCode();
  return (
    <span className="row" style={{ flexWrap: 'wrap', gap: 4 }}>
      {props.reasons
        .filter((reason) => reason in looks)
        .map((reason) => (
          <Badge key={reason} {...(looks[reason] ? { icon: looks[reason] } : {})}>
            {code('duplicates.reason', reason)}
          </Badge>
        ))}
    </span>
  );
}
