/** Calls to the server: relative addresses only, so that nothing here can leave this machine. */

export const BASE = "/api";

/** What went wrong, in the server's words: `message` says what happened and what to do. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: string,
    readonly status: number,
    readonly details: Record<string, unknown> = {},
    readonly requestId: string | null = null,
    readonly retryAfterS: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** True when no answer came at all: the server is stopped, restarting, or this machine sleeps. */
  get isUnreachable(): boolean {
    return this.code === "unreachable";
  }
}

export function unreachable(): ApiError {
  return new ApiError("Sophon does not answer. It may be stopped or restarting; nothing you saved is lost. Start it again, or wait a moment.", "unreachable", 0);
}

export type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

/** The address of `path` with `query`; empty values are left out, lists repeat their name. */
export function address(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) params.append(name, one);
    else if (value !== null && value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return BASE + path + (text ? `?${text}` : "");
}

interface Envelope {
  error?: { code?: string; message?: string; details?: Record<string, unknown>; requestId?: string };
}

/** The error that an answer carries; also when the answer is none of the server's own (a proxy, a broken body). */
export function toApiError(status: number, body: string, header: (name: string) => string | null): ApiError {
  const retryAfter = Number(header("Retry-After") ?? NaN);
  const requestId = header("X-Sophon-Request-Id");
  let error: Envelope["error"];
  try {
    error = (JSON.parse(body) as Envelope | null)?.error;
  } catch {
    error = undefined;
  }
  return new ApiError(
    error?.message ?? `The server answered with status ${status} and no explanation.`,
    error?.code ?? "internal_error",
    status,
    error?.details ?? {},
    error?.requestId ?? requestId,
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
}

export interface Call {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

async function send(method: string, path: string, { query, body, headers, signal }: Call = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      signal,
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw unreachable();
  }
  if (!response.ok) throw toApiError(response.status, await response.text().catch(() => ""), (name) => response.headers.get(name));
  return response;
}

async function call<T>(method: string, path: string, options?: Call): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    if (options?.signal?.aborted) throw cause;
    throw unreachable();
  }
  return (text ? JSON.parse(text) : undefined) as T;
}

export const api = {
  get: <T>(path: string, options?: Call) => call<T>("GET", path, options),
  post: <T>(path: string, body?: unknown, options?: Call) => call<T>("POST", path, { ...options, body }),
  put: <T>(path: string, body?: unknown, options?: Call) => call<T>("PUT", path, { ...options, body }),
  patch: <T>(path: string, body?: unknown, options?: Call) => call<T>("PATCH", path, { ...options, body }),
  delete: <T = void>(path: string, options?: Call) => call<T>("DELETE", path, options),
  /** The answer itself, not yet read: for streams. */
  open: (path: string, options?: Call) => send("GET", path, options),
};

/** An id as one part of a path. */
export function part(id: string): string {
  return encodeURIComponent(id);
}
