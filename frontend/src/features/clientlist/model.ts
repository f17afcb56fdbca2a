import type { FieldInfo, FilterNode } from '@/api/types';

/** A single condition. */
export interface Leaf {
  field: string;
  op: string;
  value?: unknown;
}

/** Conditions in brackets, one level deep. */
export interface Group {
  mode: 'all' | 'any' | 'none';
  leaves: Leaf[];
}

export interface Conditions {
  mode: 'all' | 'any';
  items: (Leaf | Group)[];
}

export const isGroup = (item: Leaf | Group): item is Group => 'leaves' in item;

export const noConditions: Conditions = { mode: 'all', items: [] };

const leafOf = (node: FilterNode): Leaf | null =>
  node.field ? { field: node.field, op: node.op ?? '', ...(node.value == null ? {} : { value: node.value }) } : null;

function groupOf(node: FilterNode): Group | null {
  for (const mode of ['all', 'any', 'none'] as const) {
    const nodes = node[mode];
    if (!nodes || nodes.length === 0) continue;
    const leaves = nodes.map(leafOf);
    return leaves.every((leaf) => leaf !== null) ? { mode, leaves } : null;
  }
  return null;
}

/** Reads a tree as the screen can show it; null for one that is deeper than that. */
export function readConditions(node: FilterNode | undefined): Conditions | null {
  if (!node) return noConditions;
  const single = leafOf(node);
  if (single) return { mode: 'all', items: [single] };
  if (node.none && node.none.length > 0) {
    const group = groupOf(node);
    return group && { mode: 'all', items: [group] };
  }
  const mode = node.any && node.any.length > 0 ? 'any' : 'all';
  const items = (node[mode] ?? []).map((each) => leafOf(each) ?? groupOf(each));
  return items.every((item) => item !== null) ? { mode, items } : null;
}

const nodeOf = (item: Leaf | Group): FilterNode => (isGroup(item) ? { [item.mode]: item.leaves } : item);

/** The tree that the server takes; undefined asks for nothing. */
export function writeConditions({ mode, items }: Conditions): FilterNode | undefined {
  const nodes = items.filter((item) => !isGroup(item) || item.leaves.length > 0).map(nodeOf);
  return nodes.length > 0 ? { [mode]: nodes } : undefined;
}

/** What came in an address, made sure to be a tree; what is no part of one is left out. */
export function readNode(value: unknown, depth = 0): FilterNode | undefined {
  if (typeof value !== 'object' || value === null || depth > 5) return undefined;
  const given = value as Record<string, unknown>;
  if (typeof given.field === 'string') {
    return {
      field: given.field,
      op: typeof given.op === 'string' ? given.op : '',
      ...(given.value == null ? {} : { value: given.value }),
    };
  }
  for (const mode of ['all', 'any', 'none'] as const) {
    const nodes = given[mode];
    if (!Array.isArray(nodes)) continue;
    const read = nodes.map((each) => readNode(each, depth + 1)).filter((each) => each !== undefined);
    return read.length > 0 ? { [mode]: read } : undefined;
  }
  return undefined;
}

/** What a list has in its address. */
export interface ListSearch {
  q?: string | undefined;
  f?: FilterNode | undefined;
  sort?: string | undefined;
  desc?: boolean | undefined;
  cols?: string | undefined;
  view?: string | undefined;
}

export interface Column {
  key: string;
  width: number;
}

const usual = ['name', 'phone', 'responsible', 'last_contact', 'open_leads'];
const widths: Record<string, number> = { name: 260, phone: 180, email: 210, note: 260, responsible: 160 };
export const leastWidth = 64;
export const mostWidth = 640;

export const widthOf = (key: string, given?: number): number =>
  Math.min(mostWidth, Math.max(leastWidth, given || widths[key] || 140));

/** Columns as the address has them: keys, with a width where it is not the usual one. The name comes always. */
export function readColumns(text: string | undefined, known: FieldInfo[]): Column[] {
  const shown = known.filter((field) => field.column);
  const wanted = (text ? text.split(',') : usual).map((each) => {
    const [key = '', width] = each.split(':');
    return { key, width: widthOf(key, Number(width)) };
  });
  const columns = wanted.filter(
    (each, index) =>
      shown.some((field) => field.key === each.key) && wanted.findIndex((w) => w.key === each.key) === index,
  );
  return columns.some((each) => each.key === 'name') ? columns : [{ key: 'name', width: widthOf('name') }, ...columns];
}

export function writeColumns(columns: Column[]): string | undefined {
  const text = columns
    .map(({ key, width }) => (width === widthOf(key) ? key : `${key}:${Math.round(width)}`))
    .join(',');
  return text === usual.join(',') ? undefined : text;
}
