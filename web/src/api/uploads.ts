/** Files on their way to the server: a few at a time, each with its own progress, cancel and reason of failure. They go on while rooms change. */
import { useSyncExternalStore } from "react";
import { address, ApiError, api, part, toApiError, unreachable } from "./client";
import { live } from "./live";
import type { Document } from "./types";

export type UploadState = "waiting" | "sending" | "received" | "duplicate" | "failed" | "cancelled";

export interface Upload {
  readonly key: number;
  name: string;
  sizeBytes: number;
  sentBytes: number;
  state: UploadState;
  document: Document | null;
  error: ApiError | null;
}

export interface UploadOptions {
  tags?: readonly string[];
  sessionId?: string | null;
  /** Called when the server has the file; `isNew` is false when it had the same bytes before. */
  onDocument?: (document: Document, isNew: boolean) => void;
}

export interface Sent {
  document: Document;
  isNew: boolean;
}

/** Sends one file. The promise fails with an ApiError, or with an AbortError when `signal` says stop. */
export function sendFile(
  file: File,
  { tags = [], sessionId, signal, onProgress }: { tags?: readonly string[]; sessionId?: string | null; signal?: AbortSignal; onProgress?: (sentBytes: number) => void } = {},
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    // Fields first: the server reads the parts in order.
    for (const tag of tags) form.append("tags", tag);
    if (sessionId) form.append("sessionId", sessionId);
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const over = () => signal?.removeEventListener("abort", stop);
    request.upload.onprogress = (event) => onProgress?.(Math.min(event.loaded, file.size));
    request.onload = () => {
      over();
      if (request.status < 200 || request.status > 299) reject(toApiError(request.status, request.responseText, (name) => request.getResponseHeader(name)));
      else {
        const answer = JSON.parse(request.responseText) as Document | { items: Document[] };
        const document = "items" in answer ? answer.items[0] : answer;
        if (document) resolve({ document, isNew: request.status === 201 });
        else reject(toApiError(request.status, "", () => null));
      }
    };
    request.onerror = () => {
      over();
      void explainCut(file).then(reject);
    };
    request.onabort = () => {
      over();
      reject(new DOMException("The upload was stopped.", "AbortError"));
    };
    if (signal?.aborted) return reject(new DOMException("The upload was stopped.", "AbortError"));
    signal?.addEventListener("abort", stop);
    request.open("POST", address("/documents/upload"));
    request.setRequestHeader("Accept", "application/json");
    request.send(form);
  });
}

/** The browser only says "cut off": find out whether the file cannot be read, the server is gone, or it refused to read on. */
async function explainCut(file: File): Promise<ApiError> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    return new ApiError("Your browser can't read this file any more. It may have been moved, renamed or locked. Choose it again.", "unreadable_file", 0);
  }
  try {
    await api.get("/version");
  } catch (error) {
    return error instanceof ApiError ? error : unreachable();
  }
  return new ApiError("The server stopped reading this file: it is probably larger than the limit for one upload. Split it, or raise max_upload_bytes in config.toml.", "payload_too_large", 413);
}

const AT_ONCE = 3;

export class Uploads {
  private items: readonly Upload[] = [];
  private readonly files = new Map<number, { file: File; options: UploadOptions; stop: AbortController }>();
  private readonly watchers = new Set<() => void>();
  /** News that may come before the answer to the upload itself; the latest few hundred. */
  private readonly heard = new Map<string, Document>();
  private next = 1;
  private running = 0;
  private pausedUntil = 0;

  constructor(private readonly send: typeof sendFile = sendFile) {}

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly list = (): readonly Upload[] => this.items;

  /** Queues files; the answer is their keys. */
  add(files: readonly File[], options: UploadOptions = {}): number[] {
    const added = files.map((file): Upload => {
      const key = this.next++;
      this.files.set(key, { file, options, stop: new AbortController() });
      return { key, name: file.name, sizeBytes: file.size, sentBytes: 0, state: "waiting", document: null, error: null };
    });
    this.show([...this.items, ...added]);
    this.pump();
    return added.map((item) => item.key);
  }

  cancel(key: number): void {
    this.files.get(key)?.stop.abort();
    const item = this.items.find((one) => one.key === key);
    if (item?.state === "waiting") this.change(key, { state: "cancelled" });
  }

  retry(key: number): void {
    const entry = this.files.get(key);
    if (!entry) return;
    entry.stop = new AbortController();
    this.change(key, { state: "waiting", sentBytes: 0, error: null });
    this.pump();
  }

  /** Takes one line away; what runs is stopped first. */
  dismiss(key: number): void {
    this.cancel(key);
    this.files.delete(key);
    this.show(this.items.filter((item) => item.key !== key));
  }

  dismissFinished(): void {
    const open = this.items.filter((item) => item.state === "waiting" || item.state === "sending");
    for (const item of this.items) if (!open.includes(item)) this.files.delete(item.key);
    this.show(open);
  }

  /** News of a document that came from here: it is being read, ready, failed. */
  update(document: Document): void {
    this.heard.delete(document.id);
    this.heard.set(document.id, document);
    if (this.heard.size > 300) this.heard.delete(this.heard.keys().next().value!);
    if (this.items.some((item) => item.document?.id === document.id)) this.show(this.items.map((item) => (item.document?.id === document.id ? { ...item, document } : item)));
  }

  /** Asks after the documents that are still being read: news may have been missed. */
  refresh(): void {
    for (const { document } of this.items) {
      if (document && document.status !== "ready" && document.status !== "failed")
        api.get<Document>(`/documents/${part(document.id)}`, { query: { maxChars: 1 } }).then(
          (now) => this.update(now),
          () => undefined, // the next event or reset tells
        );
    }
  }

  private pump(): void {
    const wait = this.pausedUntil - Date.now();
    if (wait > 0) {
      setTimeout(() => this.pump(), wait);
      return;
    }
    while (this.running < AT_ONCE) {
      const item = this.items.find((one) => one.state === "waiting");
      const entry = item && this.files.get(item.key);
      if (!item || !entry) return;
      this.running += 1;
      this.change(item.key, { state: "sending" });
      void this.carry(item.key, entry).finally(() => {
        this.running -= 1;
        this.pump();
      });
    }
  }

  private async carry(key: number, { file, options, stop }: { file: File; options: UploadOptions; stop: AbortController }): Promise<void> {
    try {
      const { document, isNew } = await this.send(file, {
        tags: options.tags,
        sessionId: options.sessionId,
        signal: stop.signal,
        onProgress: (sentBytes) => this.change(key, { sentBytes }),
      });
      this.change(key, { state: isNew ? "received" : "duplicate", document: this.heard.get(document.id) ?? document, sentBytes: file.size });
      options.onDocument?.(document, isNew);
    } catch (error) {
      if (stop.signal.aborted) this.change(key, { state: "cancelled" });
      else if (error instanceof ApiError && error.status === 429) {
        this.pausedUntil = Date.now() + (error.retryAfterS ?? 5) * 1000;
        this.change(key, { state: "waiting", sentBytes: 0 });
      } else this.change(key, { state: "failed", error: error instanceof ApiError ? error : unreachable() });
    }
  }

  private change(key: number, change: Partial<Upload>): void {
    this.show(this.items.map((item) => (item.key === key ? { ...item, ...change } : item)));
  }

  private show(items: readonly Upload[]): void {
    this.items = items;
    for (const watcher of this.watchers) watcher();
  }
}

export const uploads = new Uploads();
live.listen((event) => {
  if (event.topic === "document.updated") uploads.update(event.document);
});
live.onFresh(() => uploads.refresh());

export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(uploads.watch, uploads.list);
}
