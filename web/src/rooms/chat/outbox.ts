/** What was sent and has not yet come back from the server, so that it shows at once; and drafts, which survive a change of room or a reload. */
import { useSyncExternalStore } from "react";
import { ApiError } from "@/api";

export interface Outgoing {
  content: string;
  attachments: string[];
  at: string;
  /** How many messages of the person the chat had before: with one more, this one has arrived. */
  before: number;
  taskId: string | null;
  error: ApiError | null;
}

/** The chat that does not exist yet. */
export const NEW = "new";

class Store<T> {
  private values: ReadonlyMap<string, T> = new Map();
  private readonly watchers = new Set<() => void>();

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  get(key: string): T | undefined {
    return this.values.get(key);
  }

  set(key: string, value: T | undefined): void {
    const next = new Map(this.values);
    if (value === undefined) next.delete(key);
    else next.set(key, value);
    this.values = next;
    for (const watcher of this.watchers) watcher();
  }
}

export const outbox = new Store<Outgoing>();

const DRAFT = "sophon.draft.";
const UNSENT = "sophon.unsent.";

export function useOutgoing(session: string): Outgoing | undefined {
  return useSyncExternalStore(outbox.watch, () => outbox.get(session));
}

/** Keeps what the server refused over a reload; nothing that was written is lost. */
export function keepUnsent(session: string, entry: Outgoing | undefined): void {
  outbox.set(session, entry);
  try {
    if (entry?.error) sessionStorage.setItem(UNSENT + session, JSON.stringify({ ...entry, error: { ...entry.error, message: entry.error.message } }));
    else sessionStorage.removeItem(UNSENT + session);
  } catch {
    // It lives as long as the page.
  }
}

/** What a reload found unsent. */
export function findUnsent(session: string): void {
  if (outbox.get(session)) return;
  try {
    const kept = JSON.parse(sessionStorage.getItem(UNSENT + session) ?? "null") as Outgoing | null;
    if (!kept?.error) return;
    const { message, code, status, details, requestId } = kept.error;
    outbox.set(session, { ...kept, error: new ApiError(message, code, status, details, requestId) });
  } catch {
    // Nothing readable was kept.
  }
}

export function readDraft(session: string): string {
  try {
    return sessionStorage.getItem(DRAFT + session) ?? "";
  } catch {
    return "";
  }
}

export function keepDraft(session: string, text: string): void {
  try {
    if (text) sessionStorage.setItem(DRAFT + session, text);
    else sessionStorage.removeItem(DRAFT + session);
  } catch {
    // It lives as long as the page.
  }
}
