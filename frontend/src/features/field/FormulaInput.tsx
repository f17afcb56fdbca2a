import { Textarea } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { checkFormula, fieldKeys, sectionsQuery } from '@/api/fields';
import { useCode, useT } from '@/lib/i18n';
import { Badge } from '@/ui/kit';
import css from './field.module.css';
import { holds } from './looks';

/** A formula, checked while it is typed; the names it may use stand below, to be taken by a click. */
export function FormulaInput(props: {
  sectionId: number;
  fieldId: number;
  value: string;
  onChange(formula: string): void;
}) {
  const { sectionId, fieldId, value } = props;
  const t = useT();
  const code = useCode();
  const input = useRef<HTMLTextAreaElement>(null);
  const sections = useQuery(sectionsQuery).data ?? [];
  const settled = useSettled(value, 250);
  const check = useQuery({
    queryKey: [...fieldKeys.all, 'formula', sectionId, fieldId, settled],
    enabled: settled.trim() !== '',
    placeholderData: keepPreviousData,
    queryFn: () => checkFormula({ section_id: sectionId, field_id: fieldId, formula: settled }),
  }).data;
  const names = sections.flatMap((section) =>
    section.fields.filter(
      (field) =>
        field.id !== fieldId &&
        field.type !== 'reference' &&
        field.type !== 'file' &&
        (section.kind === 'fields' ||
          section.id === sectionId ||
          holds(field) === 'number' ||
          holds(field) === 'money'),
    ),
  );
  const insert = (key: string) => {
    const at = input.current?.selectionStart ?? value.length;
    const to = input.current?.selectionEnd ?? at;
    props.onChange(value.slice(0, at) + key + value.slice(to));
    requestAnimationFrame(() => {
      input.current?.focus();
      input.current?.setSelectionRange(at + key.length, at + key.length);
    });
  };
  const wrong = value.trim() !== '' && check?.error;
  return (
    <div className="stack" style={{ gap: 6 }}>
      <Textarea
        ref={input}
        label={t('custom.formula')}
        placeholder="price * quantity"
        minRows={1}
        spellCheck={false}
        maxLength={2000}
        value={value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
        classNames={{ input: css.formula ?? '' }}
        data-testid="formula"
      />
      {wrong ? (
        <span className="row" role="status" data-testid="formula-error">
          <Badge tone="warn" icon={TriangleAlert}>
            {code('formula', wrong.code)}
          </Badge>
          <span className={css.formulaSnippet}>
            {wrong.name || [...settled].slice(wrong.from, wrong.to + 12).join('')}
          </span>
          <span className="whisper">{t('formula.at', { n: wrong.from + 1 })}</span>
        </span>
      ) : (
        check?.result &&
        value.trim() !== '' && (
          <span role="status" data-testid="formula-result">
            <Badge tone="good" icon={CircleCheck}>
              {t('formula.gives', { type: code('custom.type', check.result) })}
            </Badge>
          </span>
        )
      )}
      <div className={css.names}>
        {names.map((field) => (
          <button key={field.id} type="button" title={field.label} onClick={() => insert(field.key)}>
            {field.key}
          </button>
        ))}
      </div>
      <p className="whisper" style={{ margin: 0 }}>
        {t('formula.help', { sample: '{ "a" } else { "b" }' })}
      </p>
    </div>
  );
}

/** A value once it has not changed for a while. */
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
