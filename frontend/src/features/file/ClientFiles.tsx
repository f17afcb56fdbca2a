import { ActionIcon, Button, Menu, Progress, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Download,
  Ellipsis,
  Eye,
  File as FileIcon,
  FileImage,
  FileText,
  Pencil,
  RotateCw,
  Trash2,
  TriangleAlert,
  Upload as UploadIcon,
  X,
} from 'lucide-react';
import { useRef, useState, type DragEvent } from 'react';
import { deleteFile, fileAddress, fileKeys, filesQuery, previewAddress, renameFile, restoreFile } from '@/api/files';
import { cardKeys } from '@/api/cards';
import { clientKeys } from '@/api/clients';
import { ApiError } from '@/api/http';
import { useCan, useErrorText, useReport } from '@/api/react';
import type { ClientFile } from '@/api/types';
import { useNow } from '@/lib/clock';
import { useFormat } from '@/lib/format';
import { useT } from '@/lib/i18n';
import { useStore } from '@/lib/react-store';
import { Badge, Empty, Failed, SkeletonRows } from '@/ui/kit';
import { useToast } from '@/ui/toast';
import css from './file.module.css';
import { cancel, retry, upload, uploads, type Upload } from './uploads';

/** What lies on a card: put there by the mouse or from a dialog, taken away with a way back. */
export function ClientFiles(props: { clientId: number }) {
  const { clientId } = props;
  const t = useT();
  const can = useCan();
  const errorText = useErrorText();
  const report = useReport();
  const cache = useQueryClient();
  const query = useQuery(filesQuery(clientId));
  const sending = useStore(uploads).filter((each) => each.clientId === clientId);
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const editable = can('clients.write');
  const files = query.data?.items ?? [];

  const sent = () => {
    void cache.invalidateQueries({ queryKey: fileKeys.of(clientId) });
    void cache.invalidateQueries({ queryKey: cardKeys.one(clientId) });
    void cache.invalidateQueries({ queryKey: clientKeys.timelines });
  };
  const add = (list: FileList | null) => {
    const all = [...(list ?? [])];
    const most = query.data?.max_bytes ?? Infinity;
    if (all.some((file) => file.size > most)) report(new ApiError(422, 'too_large', ''));
    const fit = all.filter((file) => file.size <= most);
    if (fit.length > 0) upload(clientId, fit, sent);
  };
  const drag = (event: DragEvent, inside: boolean) => {
    if (!editable || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(inside);
  };

  return (
    <div
      className={css.files}
      data-over={over || undefined}
      onDragEnter={(event) => drag(event, true)}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        drag(event, false);
        if (editable) add(event.dataTransfer.files);
      }}
      data-testid="client-files"
    >
      {editable && (
        <div className={css.head}>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            onChange={(event) => {
              add(event.currentTarget.files);
              event.currentTarget.value = '';
            }}
            data-testid="file-picker"
          />
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<UploadIcon size={13} aria-hidden />}
            onClick={() => picker.current?.click()}
            data-testid="upload-files"
          >
            {t('files.choose')}
          </Button>
          <span className="whisper">{t('files.drop')}</span>
        </div>
      )}
      {sending.length > 0 && (
        <ul className={css.list} aria-label={t('files.sending')}>
          {sending.map((each) => (
            <UploadRow key={each.id} upload={each} sent={sent} />
          ))}
        </ul>
      )}
      {query.isPending ? (
        <SkeletonRows rows={4} />
      ) : query.isError && !query.data ? (
        <Failed small text={errorText(query.error)} retry={() => void query.refetch()} />
      ) : files.length === 0 ? (
        <Empty small icon={FileIcon} title={t('files.none')}>
          {t('files.none.text')}
        </Empty>
      ) : (
        <ul className={css.list} aria-label={t('client.tab.files')}>
          {files.map((file) => (
            <FileRow key={file.id} file={file} editable={editable} changed={sent} />
          ))}
        </ul>
      )}
      {over && (
        <div className={css.drop} aria-hidden>
          <UploadIcon size={28} />
          {t('files.drop_here')}
        </div>
      )}
    </div>
  );
}

function UploadRow(props: { upload: Upload; sent(): void }) {
  const { upload: each } = props;
  const t = useT();
  const errorText = useErrorText();
  const failed = each.state === 'failed';
  const percent = Math.round(each.share * 100);
  return (
    <li className={css.file} data-testid="upload" data-state={each.state}>
      <UploadIcon size={16} className={css.icon} aria-hidden />
      <div className="grow">
        <span className="truncate">{each.file.name}</span>
        {failed ? (
          <span className={css.error} role="alert">
            {errorText(each.error)}
          </span>
        ) : (
          <Progress value={percent} size="sm" aria-label={t('files.progress', { name: each.file.name, percent })} />
        )}
      </div>
      {!failed && <span className="whisper num">{each.state === 'waiting' ? t('files.waiting') : `${percent} %`}</span>}
      {failed && (
        <ActionIcon aria-label={t('action.retry')} onClick={() => retry(each.id, props.sent)}>
          <RotateCw size={14} aria-hidden />
        </ActionIcon>
      )}
      <ActionIcon aria-label={t('action.cancel')} onClick={() => cancel(each.id)}>
        <X size={14} aria-hidden />
      </ActionIcon>
    </li>
  );
}

function FileRow(props: { file: ClientFile; editable: boolean; changed(): void }) {
  const { file, changed } = props;
  const t = useT();
  const format = useFormat();
  const now = useNow(false);
  const report = useReport();
  const toast = useToast();
  const [naming, setNaming] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteFile(file.id),
    onSuccess: () => {
      changed();
      toast.done(t('files.deleted', { name: file.name }), () => {
        void restoreFile(file.id).then(changed).catch(report);
      });
    },
    onError: report,
  });
  const Icon = file.preview === 'image' ? FileImage : file.preview === 'pdf' ? FileText : FileIcon;
  return (
    <li className={css.file} data-testid="client-file" data-file-id={file.id}>
      <Icon size={16} className={css.icon} aria-hidden />
      <div className="grow">
        {naming ? (
          <NameForm file={file} onDone={() => setNaming(false)} changed={changed} />
        ) : (
          <span className="row">
            <a href={fileAddress(file.id)} download className={css.name} data-testid="download-file">
              {file.name}
            </a>
            {file.suspect && (
              <Badge tone="warn" icon={TriangleAlert}>
                {t('files.suspect')}
              </Badge>
            )}
          </span>
        )}
        <span className="whisper truncate">
          {[format.size(file.size_bytes), format.when(file.created_at, now), file.user_name]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      {file.preview && (
        <ActionIcon
          component="a"
          href={previewAddress(file.id)}
          target="_blank"
          rel="noreferrer"
          aria-label={t('files.preview', { name: file.name })}
          title={t('files.preview', { name: file.name })}
        >
          <Eye size={15} aria-hidden />
        </ActionIcon>
      )}
      <ActionIcon
        component="a"
        href={fileAddress(file.id)}
        download
        aria-label={t('files.download', { name: file.name })}
        title={t('files.download', { name: file.name })}
      >
        <Download size={15} aria-hidden />
      </ActionIcon>
      {props.editable && (
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={`${t('action.more')}: ${file.name}`} data-testid="file-menu">
              <Ellipsis size={15} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Pencil size={14} aria-hidden />} onClick={() => setNaming(true)}>
              {t('files.rename')}
            </Menu.Item>
            <Menu.Item
              leftSection={<Trash2 size={14} aria-hidden />}
              onClick={() => remove.mutate()}
              data-testid="delete-file"
            >
              {t('action.remove')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

function NameForm(props: { file: ClientFile; onDone(): void; changed(): void }) {
  const { file, onDone } = props;
  const t = useT();
  const errorText = useErrorText();
  const [name, setName] = useState(file.name);
  const save = useMutation({
    mutationFn: () => renameFile(file.id, name.trim()),
    onSuccess: () => {
      props.changed();
      onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === '' || name.trim() === file.name) onDone();
        else save.mutate();
      }}
    >
      <TextInput
        autoFocus
        size="xs"
        aria-label={t('files.rename')}
        value={name}
        error={save.isError ? errorText(save.error) : undefined}
        onChange={(event) => setName(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && onDone()}
      />
    </form>
  );
}
