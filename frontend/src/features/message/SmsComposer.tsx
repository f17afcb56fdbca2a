import { Alert, Button, Menu, Select, Textarea } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Ban, FileText } from 'lucide-react';
import { clientKeys } from '@/api/clients';
import { messageKeys, previewTemplate, sendMessage, templatesQuery } from '@/api/messages';
import { useErrorText, useReport } from '@/api/react';
import type { Client } from '@/api/types';
import { useDraft } from '@/lib/draft';
import { localeNames, asLocale, useT } from '@/lib/i18n';
import { smsSegments } from '@/lib/sms';
import { useToast } from '@/ui/toast';

/** An SMS to a client: the number, the words, and what it will cost in parts. */
export function SmsComposer(props: { client: Client }) {
  const { client } = props;
  const t = useT();
  const toast = useToast();
  const report = useReport();
  const errorText = useErrorText();
  const cache = useQueryClient();
  const phones = (client.contact_points ?? []).filter((point) => point.kind === 'phone');
  const templates = useQuery(templatesQuery).data ?? [];
  const draft = useDraft(`client.${client.id}.sms`, { to: '', body: '' });
  const to = draft.value.to || phones[0]?.value || phones[0]?.raw || '';
  const { body } = draft.value;
  const { segments, left } = smsSegments(body);

  const send = useMutation({
    mutationFn: () => sendMessage({ client_id: client.id, to, body: body.trim() }),
    onSuccess: () => {
      draft.clear();
      toast.done(t('sms.queued'));
      void cache.invalidateQueries({ queryKey: messageKeys.all });
      void cache.invalidateQueries({ queryKey: clientKeys.timelines });
    },
  });
  const fill = useMutation({
    mutationFn: (templateId: number) => previewTemplate(templateId, client.id),
    onSuccess: ({ text }) => draft.patch({ body: body.trim() ? `${body.trimEnd()}\n${text}` : text }),
    onError: report,
  });
  const ready = to !== '' && body.trim() !== '' && !client.sms_opt_out_at && !send.isPending;
  const submit = () => {
    if (ready) send.mutate();
  };

  if (phones.length === 0) return <p className="soft">{t('sms.no_phone')}</p>;
  return (
    <form
      className="stack"
      style={{ gap: 8 }}
      data-testid="sms-compose"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {client.sms_opt_out_at && (
        <Alert color="yellow" icon={<Ban size={15} aria-hidden />} data-testid="sms-opted-out">
          {t('sms.opted_out')}
        </Alert>
      )}
      <div className="row">
        <Select
          aria-label={t('sms.to')}
          w={220}
          value={to}
          onChange={(value) => value && draft.patch({ to: value })}
          data={phones.map((point) => ({ value: point.value || point.raw, label: point.display || point.raw }))}
          data-testid="sms-to"
        />
        <Menu position="bottom-start" width={280}>
          <Menu.Target>
            <Button
              variant="default"
              leftSection={<FileText size={14} aria-hidden />}
              loading={fill.isPending}
              data-testid="sms-template"
            >
              {t('sms.template')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {templates.length === 0 && <Menu.Label>{t('sms.no_templates')}</Menu.Label>}
            {templates.map((template) => {
              const locale = asLocale(template.locale);
              return (
                <Menu.Item
                  key={template.id}
                  onClick={() => fill.mutate(template.id)}
                  rightSection={<span className="whisper">{locale ? localeNames[locale] : template.locale}</span>}
                  data-testid="sms-template-item"
                  data-template-key={template.key}
                >
                  {template.title}
                </Menu.Item>
              );
            })}
          </Menu.Dropdown>
        </Menu>
      </div>
      <Textarea
        aria-label={t('sms.text')}
        placeholder={t('sms.placeholder')}
        value={body}
        onChange={(event) => draft.patch({ body: event.currentTarget.value })}
        onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && submit()}
        error={send.isError ? errorText(send.error) : undefined}
        data-testid="sms-text"
      />
      <div className="row">
        <span className="whisper num grow" data-testid="sms-segments" data-segments={segments}>
          {t('sms.segments', { n: segments, left })}
        </span>
        <Button type="submit" disabled={!ready} loading={send.isPending} data-testid="sms-send">
          {t('sms.send')}
        </Button>
      </div>
    </form>
  );
}
