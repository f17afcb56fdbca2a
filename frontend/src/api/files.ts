import { queryOptions } from '@tanstack/react-query';
import { ApiError, http, sessionLost } from './http';
import type { ClientFile, FileList } from './types';

export const fileKeys = {
  all: ['files'] as const,
  of: (clientId: number) => ['files', clientId] as const,
};

export const filesQuery = (clientId: number) =>
  queryOptions({
    queryKey: fileKeys.of(clientId),
    queryFn: ({ signal }) => http.get<FileList>(`/clients/${clientId}/files`, undefined, signal),
  });

export const renameFile = (id: number, name: string) => http.patch<ClientFile>(`/files/${id}`, { name });
export const deleteFile = (id: number) => http.delete<ClientFile>(`/files/${id}`);
export const restoreFile = (id: number) => http.post<ClientFile>(`/files/${id}/restore`);
export const fileAddress = (id: number) => `/api/files/${id}/content`;
export const previewAddress = (id: number) => `/api/files/${id}/preview`;

/** Sends a file and tells how far it is, from 0 to 1; fetch cannot tell. */
export function uploadFile(
  clientId: number,
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<ClientFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/clients/${clientId}/files?${new URLSearchParams({ name: file.name }).toString()}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new ApiError(0, 'offline', ''));
    request.onabort = () => reject(new ApiError(0, 'aborted', ''));
    request.onload = () => {
      const body = (request.response ?? {}) as Record<string, unknown>;
      if (request.status === 201) return resolve(body as unknown as ClientFile);
      if (request.status === 401) sessionLost.set(true);
      const code = typeof body.code === 'string' ? body.code : `http_${request.status}`;
      reject(new ApiError(request.status, code, typeof body.detail === 'string' ? body.detail : ''));
    };
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}
