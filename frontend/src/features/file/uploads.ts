import { uploadFile } from '@/api/files';
import { ApiError } from '@/api/http';
import { createStore } from '@/lib/store';

export interface Upload {
  id: number;
  clientId: number;
  file: File;
  state: 'waiting' | 'sending' | 'failed';
  /** From 0 to 1. */
  share: number;
  error: unknown;
  abort: AbortController;
}

/** What is being sent, whichever tab or card one looks at meanwhile. */
export const uploads = createStore<Upload[]>([]);

const atOnce = 2;
let serial = 0;

function patch(id: number, part: Partial<Upload>): void {
  uploads.update((all) => all.map((each) => (each.id === id ? { ...each, ...part } : each)));
}

function drop(id: number): void {
  uploads.update((all) => all.filter((each) => each.id !== id));
}

/** Sends files to a client's card, a few at once; `sent` is told of each that has arrived. */
export function upload(clientId: number, files: readonly File[], sent: () => void): void {
  const fresh = files.map<Upload>((file) => ({
    id: ++serial,
    clientId,
    file,
    state: 'waiting',
    share: 0,
    error: null,
    abort: new AbortController(),
  }));
  uploads.update((all) => [...all, ...fresh]);
  work(sent);
}

export function retry(id: number, sent: () => void): void {
  patch(id, { state: 'waiting', share: 0, error: null, abort: new AbortController() });
  work(sent);
}

/** Stops an upload, or forgets one that has failed. */
export function cancel(id: number): void {
  uploads
    .get()
    .find((each) => each.id === id)
    ?.abort.abort();
  drop(id);
}

function work(sent: () => void): void {
  const all = uploads.get();
  const busy = all.filter((each) => each.state === 'sending').length;
  for (const next of all.filter((each) => each.state === 'waiting').slice(0, Math.max(0, atOnce - busy))) {
    patch(next.id, { state: 'sending' });
    uploadFile(next.clientId, next.file, (share) => patch(next.id, { share }), next.abort.signal)
      .then(() => {
        drop(next.id);
        sent();
      })
      .catch((error: unknown) => {
        if (!(error instanceof ApiError && error.code === 'aborted')) patch(next.id, { state: 'failed', error });
      })
      .finally(() => work(sent));
  }
}
