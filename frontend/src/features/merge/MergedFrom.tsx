import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Merge as MergeIcon, Split } from 'lucide-react';
import { useState } from 'react';
import { clientKeys } from '@/api/clients';
import { mergesQuery, undoMerge } from '@/api/merges';
import { useCan, useErrorText, useReport } from '@/api/react';
import type { Merge } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { Failed, Section } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './merge.module.css';

/** What a client was merged from, each of which can be taken apart again. */
export function MergedFrom(props: { clientId: number }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(mergesQuery(props.clientId));
  if (query.isError) return <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />;
  if (!query.data || query.data.items.length === 0) return null;
  const standing = query.data.items.find((merge) => !merge.undone_at);
  return (
    <Section title={t('merge.history')} testId="merged-from">
      <ul className={css.merges}>
        {query.data.items.map((merge) => (
          <Row key={merge.id} merge={merge} latest={merge === standing} />
        ))}
      </ul>
    </Section>
  );
}

function Row(props: { merge: Merge; latest: boolean }) {
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const can = useCan();
  const toast = useToast();
  const report = useReport();
  const cache = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { merge } = props;
  const undo = useMutation({
    mutationFn: () => undoMerge(merge.id),
    onSuccess: () => {
      toast.done(t('merge.undone', { name: merge.loser_name }));
      void cache.invalidateQueries({ queryKey: clientKeys.all });
      void cache.invalidateQueries({ queryKey: ['merges'] });
    },
    onError: report,
  });
  return (
    <li className="row" data-testid="merge-row">
      <MergeIcon size={14} aria-hidden />
      <span className="grow">
        <span className="strong">{merge.loser_name}</span>{' '}
        <span className="whisper">
          {t('merge.by', { when: format.when(merge.merged_at, now), who: merge.merged_by_name })}
          {merge.undone_at && ` · ${t('merge.undone_by', { who: merge.undone_by_name })}`}
        </span>
      </span>
      {props.latest && can('clients.write') && (
        <Button
          size="compact-sm"
          variant={asking ? 'filled' : 'default'}
          loading={undo.isPending}
          leftSection={<Split size={13} aria-hidden />}
          onClick={() => (asking ? undo.mutate() : setAsking(true))}
          onBlur={() => setAsking(false)}
          data-testid="unmerge"
        >
          {asking ? t('merge.undo_sure') : t('merge.undo')}
        </Button>
      )}
    </li>
  );
}
