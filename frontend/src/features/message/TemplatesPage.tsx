import { ActionIcon, Button, Select, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { FileText, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { createTemplate, messageKeys, removeTemplate, saveTemplate, templatesQuery } from '@/api/messages';
import { useCan, useErrorText, useReport } from '@/api/react';
import type { MessageTemplate } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { asLocale, localeNames, locales, useCode, useT } from '@/lib/i18n';
import { smsSegments } from '@/lib/sms';
import { useToast } from '@/ui/toast';
import { Badge, Empty, Failed, SkeletonRows } from '@/ui/kit';
import { SplitView } from '@/ui/SplitView';

/** What the server fills in from the card. */
const placeholders = ['client_name', 'firm', 'date', 'time', 'manager'];

/** The firm's ready-made messages, per language. */
export function TemplatesPage() {
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const query = useQuery(templatesQuery);
  const [chosen, setChosen] = useState<number | 'new' | null>(null);
  const rows = query.data ?? [];
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.isError && rows.length === 0) {
    return <Failed text={errorText(query.error)} retry={() => void query.refetch()} />;
  }
  const current = rows.find((row) => row.id === chosen);
  return (
    <SplitView
      label={t('settings.templates')}
      items={rows.map((row) => {
        const locale = asLocale(row.locale);
        return {
          id: row.id,
          title: row.title,
          note: row.body,
          mark: <Badge>{locale ? localeNames[locale] : row.locale}</Badge>,
          testId: 'template-row',
        };
      })}
      chosen={chosen}
      onChoose={setChosen}
      add={
        can('settings.write') ? (
          <Button
            variant="default"
            leftSection={<Plus size={14} aria-hidden />}
            onClick={() => setChosen('new')}
            data-testid="new-template"
          >
            {t('template.new')}
          </Button>
        ) : null
      }
    >
      {chosen === 'new' || current ? (
        <TemplateForm key={String(chosen)} template={current} editable={can('settings.write')} onDone={setChosen} />
      ) : (
        <Empty icon={FileText} title={t('template.choose')}>
          {t('template.help')}
        </Empty>
      )}
    </SplitView>
  );
}

function TemplateForm(props: {
  template: MessageTemplate | undefined;
  editable: boolean;
  onDone(id: number | null): void;
}) {
  const { template } = props;
  const t = useT();
  const code = useCode();
  const toast = useToast();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const draft = useDraft(`template.${template?.id ?? 'new'}`, {
    key: template?.key ?? '',
    locale: template?.locale ?? 'en',
    title: template?.title ?? '',
    body: template?.body ?? '',
  });
  const fields = draft.value;
  const save = useMutation({
    mutationFn: () => (template ? saveTemplate(template.id, fields) : createTemplate(fields)),
    onSuccess: async (saved) => {
      await cache.invalidateQueries({ queryKey: messageKeys.templates });
      draft.clear();
      toast.done(t('settings.saved'));
      props.onDone(saved.id);
    },
  });
  const remove = useMutation({
    mutationFn: () => removeTemplate(template?.id ?? 0),
    onSuccess: () => {
      props.onDone(null);
      void cache.invalidateQueries({ queryKey: messageKeys.templates });
      toast.done(t('template.removed'), () => {
        void createTemplate(fields)
          .then(() => cache.invalidateQueries({ queryKey: messageKeys.templates }))
          .catch(report);
      });
    },
    onError: report,
  });
  const ready = fields.title.trim() !== '' && fields.body.trim() !== '' && fields.key.trim() !== '';
  return (
    <form
      className="stack"
      data-testid="template-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) save.mutate();
      }}
    >
      <TextInput
        label={t('template.title')}
        value={fields.title}
        readOnly={!props.editable}
        onChange={(event) => draft.patch({ title: event.currentTarget.value })}
        data-testid="template-title"
      />
      <div className="row" style={{ alignItems: 'flex-end' }}>
        <TextInput
          className="grow"
          label={t('template.key')}
          value={fields.key}
          readOnly={!props.editable}
          onChange={(event) => draft.patch({ key: event.currentTarget.value })}
          data-testid="template-key"
        />
        <Select
          label={t('profile.language')}
          w={140}
          value={fields.locale}
          disabled={!props.editable}
          onChange={(locale) => locale && draft.patch({ locale })}
          data={locales.map((locale) => ({ value: locale, label: localeNames[locale] }))}
        />
      </div>
      <Textarea
        label={t('template.body')}
        description={t('template.help')}
        minRows={4}
        value={fields.body}
        readOnly={!props.editable}
        onChange={(event) => draft.patch({ body: event.currentTarget.value })}
        error={save.isError ? errorText(save.error) : undefined}
        data-testid="template-body"
      />
      {props.editable && (
        <div className="row" style={{ gap: 4, flexWrap: 'wrap' }}>
          {placeholders.map((name) => (
            <Button
              key={name}
              size="compact-xs"
              variant="default"
              onClick={() => draft.patch({ body: `${fields.body}{${name}}` })}
              data-testid={`placeholder-${name}`}
            >
              {code('placeholder', name)}
            </Button>
          ))}
        </div>
      )}
      <p className="whisper num" style={{ margin: 0 }}>
        {t('sms.segments', { n: smsSegments(fields.body).segments, left: smsSegments(fields.body).left })}
      </p>
      {props.editable && (
        <div className="row">
          <Button type="submit" disabled={!ready || !draft.dirty} loading={save.isPending} data-testid="template-save">
            {t('action.save')}
          </Button>
          <span className="grow" />
          {template && (
            <ActionIcon aria-label={t('action.remove')} onClick={() => remove.mutate()} data-testid="template-remove">
              <Trash2 size={15} aria-hidden />
            </ActionIcon>
          )}
        </div>
      )}
    </form>
  );
}
