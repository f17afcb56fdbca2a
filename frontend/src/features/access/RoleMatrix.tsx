import { Checkbox } from '@mantine/core';
import type { Mask, Records, RoleBook, Scope, Verb } from '@/api/roles';
import { useCode, useT } from '@/lib/i18n';
import { Segmented } from '@/ui/Segmented';
import css from './roles.module.css';

const verbs: Verb[] = ['create', 'read', 'change', 'delete', 'export'];
const scopes: Scope[] = ['none', 'own', 'team', 'all'];
const masks: Mask[] = ['shown', 'masked', 'hidden'];

/** Whose records each verb reaches, kind by kind. */
export function RecordMatrix(props: {
  kinds: RoleBook['kinds'];
  value: Records;
  editable: boolean;
  onChange(value: Records): void;
}) {
  const t = useT();
  const code = useCode();
  const set = (entity: string, verb: Verb, scope: Scope) =>
    props.onChange({ ...props.value, [entity]: { ...props.value[entity], [verb]: scope } });
  return (
    <div className={css.scroll} tabIndex={0} role="region" aria-label={t('role.records')}>
      <table className={css.matrix}>
        <thead>
          <tr>
            <th scope="col">{t('role.kind')}</th>
            {verbs.map((verb) => (
              <th key={verb} scope="col">
                {code('verb', verb)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.kinds.map((kind) => (
            <tr key={kind.entity}>
              <th scope="row">{code('entity', kind.entity)}</th>
              {verbs.map((verb) => (
                <td key={verb}>
                  {kind.verbs.includes(verb) && (
                    <Segmented
                      label={`${code('entity', kind.entity)}: ${code('verb', verb)}`}
                      value={props.value[kind.entity]?.[verb] ?? 'none'}
                      onChange={(scope) => set(kind.entity, verb, scope)}
                      data={scopes.map((scope) => ({
                        value: scope,
                        label: code('scope', scope),
                        disabled: !props.editable,
                        testId: `scope-${kind.entity}-${verb}-${scope}`,
                      }))}
                    />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How much of a field is shown. */
export function FieldRules(props: {
  fields: string[];
  value: Record<string, Mask>;
  editable: boolean;
  onChange(value: Record<string, Mask>): void;
}) {
  const code = useCode();
  return (
    <ul className={css.rules}>
      {props.fields.map((field) => (
        <li key={field}>
          <span>{code('field_rule', field.replace('.', '_'))}</span>
          <Segmented
            label={code('field_rule', field.replace('.', '_'))}
            value={props.value[field] ?? 'shown'}
            onChange={(mask) => props.onChange({ ...props.value, [field]: mask })}
            data={masks.map((mask) => ({
              value: mask,
              label: code('mask', mask),
              disabled: !props.editable,
              testId: `mask-${field.replace('.', '-')}-${mask}`,
            }))}
          />
        </li>
      ))}
    </ul>
  );
}

/** What a role may do besides, with no single record. */
export function RightList(props: {
  rights: string[];
  value: string[];
  editable: boolean;
  onChange(value: string[]): void;
}) {
  const code = useCode();
  return (
    <ul className={css.rights}>
      {props.rights.map((right) => (
        <li key={right}>
          <Checkbox
            label={code('right', right.replaceAll('.', '_'))}
            checked={props.value.includes(right)}
            disabled={!props.editable}
            onChange={(event) =>
              props.onChange(
                event.currentTarget.checked
                  ? [...props.value, right].sort()
                  : props.value.filter((each) => each !== right),
              )
            }
            data-testid={`right-${right.replaceAll('.', '-')}`}
          />
        </li>
      ))}
    </ul>
  );
}
