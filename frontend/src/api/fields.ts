import { queryOptions } from '@tanstack/react-query';
import { http } from './http';
import type { components } from './schema';

type Schemas = components['schemas'];
export type CustomSection = Schemas['Section'];
export type CustomField = Schemas['Field'];
export type FieldOptions = Schemas['Options'];
export type FieldType = CustomField['type'];
export type NewField = Schemas['NewField'];
export type FieldValue = Schemas['Value'];
export type SectionRow = Schemas['Row'];
export type Sheet = Schemas['Sheet'];
export type Dictionary = Schemas['Dictionary'];
export type Term = Schemas['Term'];
export type FormulaCheck = Schemas['FormulaCheck'];
export interface FieldChange {
  field_id: number;
  value: string;
  was?: string;
}

export const fieldKeys = {
  all: ['fields'] as const,
  sections: ['fields', 'sections'] as const,
  arranged: ['fields', 'arranged'] as const,
  dictionaries: ['fields', 'dictionaries'] as const,
  sheets: ['sheet'] as const,
  sheet: (clientId: number) => ['sheet', clientId] as const,
};

const minutes = 60_000;

export const sectionsQuery = queryOptions({
  queryKey: fieldKeys.sections,
  staleTime: 5 * minutes,
  queryFn: ({ signal }) =>
    http.get<{ items: CustomSection[] }>('/sections', undefined, signal).then((all) => all.items),
});

/** Archived sections and fields as well, for whoever arranges them. */
export const arrangedQuery = queryOptions({
  queryKey: fieldKeys.arranged,
  queryFn: ({ signal }) =>
    http.get<{ items: CustomSection[] }>('/sections/all', undefined, signal).then((all) => all.items),
});

export const dictionariesQuery = queryOptions({
  queryKey: fieldKeys.dictionaries,
  staleTime: 5 * minutes,
  queryFn: ({ signal }) =>
    http.get<{ items: Dictionary[] }>('/dictionaries', { archived: true }, signal).then((all) => all.items),
});

export const sheetQuery = (clientId: number) =>
  queryOptions({
    queryKey: fieldKeys.sheet(clientId),
    queryFn: ({ signal }) => http.get<Sheet>(`/clients/${clientId}/sheet`, undefined, signal),
  });

export const createSection = (section: { kind: string; title: string; fields: NewField[] }) =>
  http.post<CustomSection>('/sections', section);
export const saveSection = (id: number, part: { title?: string; archived?: boolean }) =>
  http.patch<CustomSection>(`/sections/${id}`, part);
export const orderSections = (ids: number[]) => http.put<undefined>('/sections/order', { ids });
export const createField = (section: number, field: NewField) =>
  http.post<CustomField>(`/sections/${section}/fields`, field);
export const saveField = (id: number, part: { label?: string; options?: FieldOptions; archived?: boolean }) =>
  http.patch<CustomField>(`/fields/${id}`, part);
export const orderFields = (section: number, ids: number[]) =>
  http.put<undefined>(`/sections/${section}/order`, { ids });
export const checkFormula = (check: { section_id: number; field_id?: number; formula: string }) =>
  http.post<FormulaCheck>('/fields/formula', check);

export const setValues = (clientId: number, values: FieldChange[]) =>
  http.patch<Sheet>(`/clients/${clientId}/values`, { values });
export const addRow = (clientId: number, row: { section_id: number; position?: number; values: FieldChange[] }) =>
  http.post<SectionRow>(`/clients/${clientId}/rows`, row);
export const changeRow = (clientId: number, row: number, values: FieldChange[]) =>
  http.patch<Sheet>(`/clients/${clientId}/rows/${row}`, { values });
export const removeRow = (clientId: number, row: number) => http.delete<undefined>(`/clients/${clientId}/rows/${row}`);

export const createDictionary = (name: string, terms: string[] = []) =>
  http.post<Dictionary>('/dictionaries', { name, terms });
export const saveDictionary = (id: number, part: { name?: string; archived?: boolean }) =>
  http.patch<Dictionary>(`/dictionaries/${id}`, part);
export const createTerm = (dictionary: number, label: string) =>
  http.post<Term>(`/dictionaries/${dictionary}/terms`, { label });
export const saveTerm = (id: number, part: { label?: string; archived?: boolean }) =>
  http.patch<Term>(`/dictionaries/terms/${id}`, part);
export const orderTerms = (dictionary: number, ids: number[]) =>
  http.put<undefined>(`/dictionaries/${dictionary}/order`, { ids });

export const clientFilesQuery = (clientId: number) =>
  queryOptions({
    queryKey: ['files', clientId],
    queryFn: ({ signal }) => http.get<Schemas['FileList']>(`/clients/${clientId}/files`, undefined, signal),
  });
