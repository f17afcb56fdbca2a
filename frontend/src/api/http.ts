import { createStore } from '@/lib/store';

/** A refusal of the server, with the stable code it gives for the reason. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly fields: { location: string; message: string }[] = [],
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail || code);
    this.name = 'ApiError';
  }
}

/** True while the server no longer knows this browser's session. */
export const sessionLost = createStore(false);

/**
 * Whoever asks the person to show who he is: resolves to true once that is done.
 * Set by the screen that can ask.
 */
export const proof = createStore<{ ask: () => Promise<boolean> } | null>(null);

type Query = Record<string, string | number | boolean | null | undefined>;

function address(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `/api${path}${text ? `?${text}` : ''}`;
}

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const fields = Array.isArray(body.errors) ? (body.errors as { location: string; message: string }[]) : [];
  const code = typeof body.code === 'string' && body.code ? body.code : `http_${response.status}`;
  return new ApiError(response.status, code, typeof body.detail === 'string' ? body.detail : '', fields, body);
}

const bytes = 'application/octet-stream';

async function send<T>(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      signal: signal ?? null,
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'Content-Type': body instanceof Blob ? bytes : 'application/json' },
      body: body === undefined ? null : body instanceof Blob ? body : JSON.stringify(body),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'offline', '');
  }
  if (!response.ok) {
    const error = await refusal(response);
    if (error.status === 401 && path !== '/session') sessionLost.set(true);
    if (error.code === 'proof_required' && (await proof.get()?.ask()))
      return send<T>(method, path, query, body, signal);
    throw error;
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const http = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => send<T>('GET', path, query, undefined, signal),
  post: <T>(path: string, body?: unknown) => send<T>('POST', path, undefined, body ?? {}),
  /** Sends a file as it is. */
  upload: <T>(path: string, query: Query, file: Blob) => send<T>('POST', path, query, file),
  put: <T>(path: string, body: unknown) => send<T>('PUT', path, undefined, body),
  patch: <T>(path: string, body: unknown) => send<T>('PATCH', path, undefined, body),
  delete: <T>(path: string) => send<T>('DELETE', path),
};

/** The code of whatever went wrong, for `error.<code>` messages. */
export function errorCode(error: unknown): string {
  return error instanceof ApiError ? error.code : 'unexpected';
}
