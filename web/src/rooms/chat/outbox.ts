/** What was sent and has not yet come back from the server, so that it shows at once; and drafts, which survive a change of room or a reload. */
import { useSyncExternalStore } from "react";
import type { ApiError } from "@/api";

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

export function useOutgoing(session: string): Outgoing | undefined {
  return useSyncExternalStore(outbox.watch, () => outbox.get(session));
}

const DRAFT = "sophon.draft.";

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
