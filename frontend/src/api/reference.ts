import { queryOptions } from '@tanstack/react-query';
import { http } from './http';

/** JSON Schema, as far as the API's description uses it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  default?: unknown;
  readOnly?: boolean;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

type Content = Record<string, { schema?: Schema }>;

export interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  'x-permission'?: string;
  parameters?: Parameter[];
  requestBody?: { content: Content };
  responses?: Record<string, { description?: string; content?: Content }>;
}

export interface Description {
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

export interface Entry {
  method: string;
  path: string;
  operation: Operation;
}

export const referenceQuery = queryOptions({
  queryKey: ['reference'],
  staleTime: Infinity,
  queryFn: ({ signal }) => http.get<Description>('/openapi.json', undefined, signal),
});

const verbs = ['get', 'post', 'put', 'patch', 'delete'];

/** Everything that can be asked, by tag, in the order of paths; only what holds the words, if there are any. */
export function entriesByTag(description: Description, words: string): [string, Entry[]][] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Map<string, Entry[]>();
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const method of verbs) {
      const operation = operations[method];
      if (!operation) continue;
      const text = [method, path, operation.summary, operation.operationId, operation['x-permission'], operation.tags]
        .join(' ')
        .toLowerCase();
      if (!wanted.every((word) => text.includes(word))) continue;
      const tag = operation.tags?.[0] ?? '';
      found.set(tag, [...(found.get(tag) ?? []), { method, path, operation }]);
    }
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b));
}

/** The schema that a reference means, with its name. */
export function resolve(description: Description, schema: Schema): { name: string; schema: Schema } {
  const name = schema.$ref?.split('/').at(-1) ?? '';
  return { name, schema: (name && description.components.schemas[name]) || schema };
}

/** The schema of what is sent or answered as JSON, or as a problem. */
export function schemaOf(content: Content | undefined): Schema | undefined {
  return Object.values(content ?? {}).find((each) => each.schema)?.schema;
}

/** A type in a few words, like `string (date-time) · 1–60 characters`. */
export function typeText(description: Description, given: Schema): string {
  const { name, schema } = resolve(description, given);
  if (schema.items) return `${typeText(description, schema.items)}[]`;
  const kind = [schema.type ?? (name ? 'object' : 'any')].flat().join(' | ');
  return name || (schema.format ? `${kind} (${schema.format})` : kind);
}

/** The bounds of a value, as far as there are any. */
export function boundsText(schema: Schema): string {
  const parts: string[] = [];
  const range = (least?: number, most?: number, unit = '') => {
    if (least !== undefined || most !== undefined) parts.push(`${least ?? ''}…${most ?? ''}${unit}`);
  };
  range(schema.minimum, schema.maximum);
  range(schema.minLength, schema.maxLength, ' chars');
  range(schema.minItems, schema.maxItems, ' items');
  if (schema.enum) parts.push(schema.enum.map((each) => JSON.stringify(each)).join(' | '));
  if (schema.pattern) parts.push(`/${schema.pattern}/`);
  if (schema.default !== undefined) parts.push(`= ${JSON.stringify(schema.default)}`);
  return parts.join(' · ');
}
