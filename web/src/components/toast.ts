/** Short messages about what just happened. What a person must act on belongs where they look, not here. */
import { useSyncExternalStore } from "react";
import { ApiError } from "@/api/client";

export interface Toast {
  key: number;
  text: string;
  meaning: "info" | "problem";
  action?: { label: string; onAction: () => void };
  /** Called when it goes without its action having been taken. */
  onGone?: () => void;
  lastsMs: number;
}

let toasts: readonly Toast[] = [];
let next = 1;
const watchers = new Set<() => void>();

function show(list: readonly Toast[]): void {
  toasts = list;
  for (const watcher of watchers) watcher();
}

/** Shows `text` for a while. */
export function toast(text: string, options: Partial<Omit<Toast, "key" | "text">> = {}): number {
  const key = next++;
  show([...toasts.slice(-3), { key, text, meaning: "info", lastsMs: options.action ? 8_000 : 5_000, ...options }]);
  return key;
}

/** What went wrong, in the server's words, after what could not be done: `toastError("The chat was not renamed", error)`. */
export function toastError(what: string, error: unknown): number {
  return toast(`${what}. ${error instanceof ApiError ? error.message : "Reload the page and try again."}`, { meaning: "problem", lastsMs: 10_000 });
}

export function dismiss(key: number, acted = false): void {
  const gone = toasts.find((one) => one.key === key);
  if (!gone) return;
  show(toasts.filter((one) => one.key !== key));
  if (!acted) gone.onGone?.();
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => toasts,
  );
}
