/** Deleting without a question: the thing goes from sight at once, and from the server only when the time to take it back is over. */
import { useSyncExternalStore } from "react";
import { toast, toastError } from "./toast";

let hidden: ReadonlySet<string> = new Set();
const watchers = new Set<() => void>();

function hide(id: string, isHidden: boolean): void {
  const next = new Set(hidden);
  if (isHidden) next.add(id);
  else next.delete(id);
  hidden = next;
  for (const watcher of watchers) watcher();
}

export interface Deleting {
  /** The thing's id; lists leave out what `useHidden` has. */
  id: string;
  /** What happened: "“Trip to Oslo” was deleted". */
  said: string;
  /** What failed, should it fail: "The chat was not deleted". */
  failed: string;
  run: () => Promise<unknown>;
}

export function deleteWithUndo({ id, said, failed, run }: Deleting): void {
  hide(id, true);
  toast(said, {
    action: { label: "Undo", onAction: () => hide(id, false) },
    onGone: () => {
      run()
        .catch((error: unknown) => toastError(failed, error))
        .finally(() => hide(id, false));
    },
  });
}

/** Ids that are going: to be left out of lists. */
export function useHidden(): ReadonlySet<string> {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => hidden,
  );
}
