import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ChevronRight, Search, SearchX } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import { useErrorText } from '@/api/react';
import { entriesByTag, referenceQuery, schemaOf, type Description, type Entry } from '@/api/reference';
import { useT } from '@/lib/i18n';
import { Empty, Failed, Page, SkeletonRows } from '@/ui/kit';
import { Parameters, SchemaView } from './SchemaView';
import css from './reference.module.css';

/** What a program may ask, and how: the API's own description, to be read. */
export function ReferencePage() {
  const t = useT();
  const errorText = useErrorText();
  const query = useQuery(referenceQuery);
  const [words, setWords] = useState('');
  return (
    <Page
      title={t('reference.title')}
      testId="reference-page"
      lead={
        <TextInput
          w={280}
          aria-label={t('reference.search')}
          placeholder={t('reference.search')}
          leftSection={<Search size={14} aria-hidden />}
          value={words}
          onChange={(event) => setWords(event.currentTarget.value)}
          data-testid="reference-search"
        />
      }
      actions={
        <a href="/api/openapi.json" download="centralita-openapi.json" data-testid="reference-file">
          {t('reference.file')}
        </a>
      }
    >
      {query.isPending ? (
        <SkeletonRows rows={10} />
      ) : query.isError ? (
        <Failed text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : (
        <Body description={query.data} words={words} />
      )}
    </Page>
  );
}

function Body(props: { description: Description; words: string }) {
  const t = useT();
  const words = useDeferredValue(props.words);
  const tags = useMemo(() => entriesByTag(props.description, words), [props.description, words]);
  return (
    <div className={css.page}>
      <nav className={css.tags} aria-label={t('reference.tags')}>
        {tags.map(([tag, entries]) => (
          <a key={tag} href={`#tag-${tag}`}>
            {tag || '—'} <span className="soft">{entries.length}</span>
          </a>
        ))}
      </nav>
      <div className={css.main}>
        <p className="soft">{t('reference.help')}</p>
        {tags.length === 0 && <Empty small icon={SearchX} title={t('reference.none')} />}
        {tags.map(([tag, entries]) => (
          <section key={tag} id={`tag-${tag}`} aria-label={tag}>
            <h2 className={css.tag}>{tag}</h2>
            {entries.map((entry) => (
              <OperationView key={entry.operation.operationId} entry={entry} description={props.description} />
            ))}
          </section>
        ))}
      </div>
    </div>
  );
}

function OperationView(props: { entry: Entry; description: Description }) {
  const { method, path, operation } = props.entry;
  const [open, setOpen] = useState(false);
  return (
    <article className={css.operation} data-testid="operation">
      <h3>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          <ChevronRight size={14} aria-hidden data-open={open || undefined} />
          <span className={css.method} data-method={method}>
            {method.toUpperCase()}
          </span>
          <code>/api{path}</code>
          <span className={css.summary}>{operation.summary}</span>
        </button>
      </h3>
      {open && <Detail entry={props.entry} description={props.description} />}
    </article>
  );
}

function Detail(props: { entry: Entry; description: Description }) {
  const { operation } = props.entry;
  const t = useT();
  const body = schemaOf(operation.requestBody?.content);
  const right = operation['x-permission'];
  return (
    <div className={css.detail}>
      <p>
        {t('reference.right')} <code>{right ?? t('reference.public')}</code>
      </p>
      {operation.parameters && operation.parameters.length > 0 && (
        <>
          <h4>{t('reference.parameters')}</h4>
          <Parameters list={operation.parameters} description={props.description} />
        </>
      )}
      {body && (
        <>
          <h4>{t('reference.body')}</h4>
          <SchemaView schema={body} description={props.description} />
        </>
      )}
      <h4>{t('reference.answers')}</h4>
      {Object.entries(operation.responses ?? {}).map(([status, answer]) => {
        const schema = schemaOf(answer.content);
        return (
          <div key={status} className={css.answer}>
            <strong>{status}</strong> <span className="soft">{answer.description}</span>
            {schema && <SchemaView schema={schema} description={props.description} />}
          </div>
        );
      })}
    </div>
  );
}
