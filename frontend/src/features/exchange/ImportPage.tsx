import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, ArrowRight } from 'lucide-react';
import { useEffect } from 'react';
import {
  changeImport,
  discardImport,
  exchangeKeys,
  importQuery,
  moveImport,
  wizardSteps,
  type ImportStep,
  type WizardStep,
} from '@/api/exchange';
import { useErrorText, useReport } from '@/api/react';
import type { Import } from '@/api/types';
import { useT } from '@/lib/i18n';
import { Failed, Page, SkeletonRows } from '@/ui/kit';
import { CheckStep } from './CheckStep';
import { ColumnsStep } from './ColumnsStep';
import { DuplicatesStep } from './DuplicatesStep';
import { FormatStep } from './FormatStep';
import { ImportResult } from './ImportResult';
import { StateBadge } from './looks';
import css from './exchange.module.css';

/** What a step may do with the import that is being prepared. */
export interface StepProps {
  item: Import;
  change(part: Parameters<typeof changeImport>[1]): void;
  move(step: ImportStep): void;
  busy: boolean;
}

/** One import: its preparation, its work, what became of it. */
export function ImportPage(props: { id: number; step: WizardStep | undefined; onStep(step: WizardStep): void }) {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(importQuery(props.id));
  const item = query.data;
  return (
    <Page
      title={item?.file_name ?? t('import.title')}
      testId="import-page"
      lead={
        <>
          {item && <StateBadge of="import" state={item.state} />}
          <Link to="/imports" className="row soft" style={{ textDecoration: 'none' }}>
            <ArrowLeft size={14} aria-hidden /> {t('import.title')}
          </Link>
        </>
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={10} />
      ) : !item ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : item.state === 'draft' || item.state === 'checking' ? (
        <Wizard item={item} step={item.state === 'checking' ? 'check' : props.step} onStep={props.onStep} />
      ) : (
        <ImportResult item={item} />
      )}
    </Page>
  );
}

function Wizard(props: { item: Import; step: WizardStep | undefined; onStep(step: WizardStep): void }) {
  const { item, onStep } = props;
  const t = useT();
  const report = useReport();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const step = props.step ?? (item.format.kind === 'vcard' ? 'columns' : 'format');
  const at = wizardSteps.indexOf(step);
  const keep = (saved: Import) => cache.setQueryData(exchangeKeys.import(saved.id), saved);
  const change = useMutation({
    scope: { id: `import-${item.id}` },
    mutationFn: (part: Parameters<typeof changeImport>[1]) => changeImport(item.id, part),
    onMutate: (part) => keep({ ...item, ...part, report: undefined }),
    onSuccess: keep,
    onError: (error) => {
      report(error);
      void cache.invalidateQueries({ queryKey: exchangeKeys.import(item.id) });
    },
  });
  const move = useMutation({
    mutationFn: (next: ImportStep) => moveImport(item.id, next),
    onSuccess: keep,
    onError: report,
  });
  const discard = useMutation({
    mutationFn: () => discardImport(item.id),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: exchangeKeys.importList });
      void navigate({ to: '/imports' });
    },
    onError: report,
  });
  const { mutate: start } = move;
  const fresh = step === 'check' && item.state === 'draft' && !item.report && !item.problem;
  useEffect(() => {
    if (fresh && !change.isPending) start('check');
  }, [fresh, change.isPending, start]);

  const step_ = { item, change: change.mutate, move: move.mutate, busy: change.isPending || move.isPending };
  return (
    <div className={css.wizard} data-testid="import-wizard" data-step={step}>
      <nav aria-label={t('import.steps')}>
        <ol className={css.steps}>
          {wizardSteps.map((each, index) => (
            <li key={each}>
              <button
                type="button"
                aria-current={each === step ? 'step' : undefined}
                disabled={item.state === 'checking'}
                onClick={() => onStep(each)}
                data-testid={`step-${each}`}
              >
                <span className={css.number}>{index + 1}</span>
                {t(`import.step.${each}`)}
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <div className={css.work}>
        <div className={css.body} tabIndex={-1}>
          {step === 'format' && <FormatStep {...step_} />}
          {step === 'columns' && <ColumnsStep {...step_} />}
          {step === 'duplicates' && <DuplicatesStep {...step_} />}
          {step === 'check' && <CheckStep {...step_} />}
        </div>
        <footer className={css.foot}>
          <Button
            variant="subtle"
            color="gray"
            disabled={item.state === 'checking'}
            onClick={() => discard.mutate()}
            data-testid="import-discard"
          >
            {t('import.discard')}
          </Button>
          <span className="grow" />
          {at > 0 && item.state !== 'checking' && (
            <Button
              variant="default"
              leftSection={<ArrowLeft size={14} aria-hidden />}
              onClick={() => onStep(wizardSteps[at - 1] ?? 'format')}
            >
              {t('import.back')}
            </Button>
          )}
          {step === 'check' ? (
            <Button
              disabled={!item.report || step_.busy || item.report.created + item.report.updated === 0}
              onClick={() => move.mutate('run')}
              data-testid="import-run"
            >
              {t('import.run', { n: item.report ? item.report.created + item.report.updated : 0 })}
            </Button>
          ) : (
            <Button
              rightSection={<ArrowRight size={14} aria-hidden />}
              onClick={() => onStep(wizardSteps[at + 1] ?? 'check')}
              data-testid="import-next"
            >
              {t('import.next')}
            </Button>
          )}
        </footer>
      </div>
    </div>
  );
}
