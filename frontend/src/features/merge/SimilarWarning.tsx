import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import { similarQuery, type SimilarDraft } from '@/api/merges';
import { useT } from '@/lib/i18n';
import css from './merge.module.css';
import { Reasons } from './Reasons';

const pauseMs = 300;

/** Says, while a client is typed, whom the firm knows already that this may be. It never takes the focus. */
export function SimilarWarning(props: { draft: SimilarDraft }) {
  const t = useT();
  const text = JSON.stringify(props.draft);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  const draft = JSON.parse(settled) as SimilarDraft;
  const enough = draft.name.length >= 3 || draft.phones.length > 0 || draft.emails.length > 0;
  const found = useQuery({ ...similarQuery(draft), enabled: enough, placeholderData: (before) => before });
  const items = enough ? (found.data?.items ?? []) : [];
  return (
    <div role="status" aria-live="polite">
      {items.length > 0 && (
        <div className={css.similar} data-testid="similar">
          <p>
            <TriangleAlert size={14} aria-hidden /> {t('similar.title')}
          </p>
          <ul>
            {items.map((item) => (
              <li key={item.id} className="row">
                <Link to="/clients/$clientId" params={{ clientId: String(item.id) }} className="strong truncate">
                  {item.name}
                </Link>
                <span className="soft num">{item.primary_phone}</span>
                <span className="whisper truncate">{item.responsible_name}</span>
                <span className="grow" />
                <Reasons reasons={item.reasons} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
