import { Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { cardKeys, tagClient, tagsQuery, untagClient } from '@/api/cards';
import { useReport } from '@/api/react';
import type { Card, Tag } from '@/api/types';
import { useT } from '@/lib/i18n';
import { lineColors } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './client.module.css';

const make = 'create';
const colors = Object.keys(lineColors);

/** The tags of a client. One that the firm does not have yet is made where it is typed. */
export function Tags(props: { clientId: number; tags: Tag[]; editable: boolean }) {
  const { clientId, tags } = props;
  const t = useT();
  const cache = useQueryClient();
  const report = useReport();
  const toast = useToast();
  const [adding, setAdding] = useState(false);
  const put = (change: (before: Tag[]) => Tag[]) =>
    cache.setQueryData<Card>(cardKeys.one(clientId), (card) => card && { ...card, tags: change(card.tags) });
  const add = useMutation({
    mutationFn: (tag: { tag_id: number } | { name: string; color: string }) => tagClient(clientId, tag),
    onSuccess: (tag) => {
      put((before) =>
        [...before.filter((each) => each.id !== tag.id), tag].sort((a, b) => a.name.localeCompare(b.name)),
      );
      void cache.invalidateQueries({ queryKey: cardKeys.tags });
    },
    onError: report,
  });
  const remove = useMutation({
    mutationFn: (tag: Tag) => untagClient(clientId, tag.id),
    onMutate: (tag) => put((before) => before.filter((each) => each.id !== tag.id)),
    onSuccess: (_, tag) => toast.done(t('tag.removed', { name: tag.name }), () => add.mutate({ tag_id: tag.id })),
    onError: (error) => {
      report(error);
      void cache.invalidateQueries({ queryKey: cardKeys.one(clientId) });
    },
  });
  if (tags.length === 0 && !props.editable) return null;
  return (
    <div className={css.tags} data-testid="client-tags">
      {tags.map((tag) => (
        <span key={tag.id} className={css.tag} data-testid="client-tag">
          <i style={{ background: lineColors[tag.color] }} aria-hidden />
          <span className="truncate">{tag.name}</span>
          {props.editable && (
            <button
              type="button"
              aria-label={t('tag.remove', { name: tag.name })}
              onClick={() => remove.mutate(tag)}
              data-testid="remove-tag"
            >
              <X size={11} aria-hidden />
            </button>
          )}
        </span>
      ))}
      {props.editable &&
        (adding ? (
          <TagSelect taken={tags} onAdd={(tag) => add.mutate(tag)} onDone={() => setAdding(false)} />
        ) : (
          <button type="button" className={css.addTag} onClick={() => setAdding(true)} data-testid="add-tag">
            <Plus size={12} aria-hidden />
            {t('tag.add')}
          </button>
        ))}
    </div>
  );
}

function TagSelect(props: {
  taken: Tag[];
  onAdd(tag: { tag_id: number } | { name: string; color: string }): void;
  onDone(): void;
}) {
  const t = useT();
  const all = useQuery(tagsQuery).data ?? [];
  const [typed, setTyped] = useState('');
  const word = typed.trim();
  const free = all.filter((tag) => !props.taken.some((each) => each.id === tag.id));
  const data = free.map((tag) => ({ value: String(tag.id), label: tag.name }));
  if (word && !all.some((tag) => tag.name.toLocaleLowerCase() === word.toLocaleLowerCase())) {
    data.push({ value: make, label: t('custom.create_term', { label: word }) });
  }
  const color = (id: string) => lineColors[all.find((tag) => String(tag.id) === id)?.color ?? ''];
  return (
    <Select
      aria-label={t('tag.add')}
      placeholder={t('tag.add')}
      size="xs"
      w={150}
      autoFocus
      defaultDropdownOpened
      searchable
      selectFirstOptionOnChange
      value={null}
      data={data}
      limit={100}
      onSearchChange={setTyped}
      filter={({ options, search }) => {
        const part = search.trim().toLocaleLowerCase();
        return options.filter(
          (each) => 'value' in each && (each.value === make || each.label.toLocaleLowerCase().includes(part)),
        );
      }}
      renderOption={({ option }) => (
        <span className="row">
          {option.value !== make && <i className={css.dot} style={{ background: color(option.value) }} aria-hidden />}
          {option.label}
        </span>
      )}
      nothingFoundMessage={t('tag.none')}
      onChange={(value) => {
        if (!value) return;
        props.onAdd(
          value === make
            ? { name: word, color: colors[all.length % colors.length] ?? 'gray' }
            : { tag_id: Number(value) },
        );
        props.onDone();
      }}
      onDropdownClose={props.onDone}
      onKeyDown={(event) => event.key === 'Escape' && props.onDone()}
      data-testid="tag-input"
    />
  );
}
