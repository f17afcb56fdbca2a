import { useState } from 'react';
import { boundsText, resolve, typeText, type Description, type Parameter, type Schema } from '@/api/reference';
import { useT } from '@/lib/i18n';
import css from './reference.module.css';

/** What is inside a schema; what is inside that opens where it stands. */
export function SchemaView(props: { schema: Schema; description: Description }) {
  const { name, schema } = resolve(props.description, props.schema);
  const inner = schema.items ? resolve(props.description, schema.items).schema : schema;
  const fields = Object.entries(inner.properties ?? {}).filter(([key]) => key !== '$schema');
  if (fields.length === 0) {
    return <Line name={name} schema={schema} description={props.description} />;
  }
  return (
    <ul className={css.fields} aria-label={name || undefined}>
      {fields.map(([key, field]) => (
        <Field
          key={key}
          name={key}
          schema={field}
          required={inner.required?.includes(key) ?? false}
          description={props.description}
        />
      ))}
    </ul>
  );
}

/** Whether there is something to open in a schema. */
function inside(description: Description, given: Schema): Schema | null {
  const { schema } = resolve(description, given);
  if (schema.items) return inside(description, schema.items);
  if (typeof schema.additionalProperties === 'object') return inside(description, schema.additionalProperties);
  return schema.properties ? given : null;
}

function Field(props: { name: string; schema: Schema; required: boolean; description: Description }) {
  const t = useT();
  // A schema may hold itself: what is inside is made when it is opened.
  const [open, setOpen] = useState(false);
  const deeper = inside(props.description, props.schema);
  const head = (
    <>
      <code className={css.field}>{props.name}</code>
      <Line schema={props.schema} description={props.description} />
      {props.required && <span className={css.required}>{t('reference.required')}</span>}
    </>
  );
  if (!deeper) return <li>{head}</li>;
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{head}</summary>
        {open && <SchemaView schema={deeper} description={props.description} />}
      </details>
    </li>
  );
}

function Line(props: { name?: string; schema: Schema; description: Description }) {
  const { schema } = resolve(props.description, props.schema);
  const bounds = boundsText(schema.items ? resolve(props.description, schema.items).schema : schema);
  const words = props.schema.description ?? schema.description;
  return (
    <span className={css.line}>
      <span className={css.type}>{props.name || typeText(props.description, props.schema)}</span>
      {bounds && <span className={css.bounds}>{bounds}</span>}
      {words && <span className="soft">{words}</span>}
    </span>
  );
}

/** The parameters of an operation: in the path, the query, the headers. */
export function Parameters(props: { list: Parameter[]; description: Description }) {
  const t = useT();
  return (
    <ul className={css.fields}>
      {props.list.map((each) => (
        <li key={`${each.in}-${each.name}`}>
          <code className={css.field}>{each.name}</code>
          <span className={css.place}>{each.in}</span>
          <Line schema={{ description: each.description, ...each.schema }} description={props.description} />
          {each.required && <span className={css.required}>{t('reference.required')}</span>}
        </li>
      ))}
    </ul>
  );
}
