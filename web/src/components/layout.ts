/** What the person folded away, kept in this browser. */
import { useSyncExternalStore } from "react";

export interface Layout {
  railWide: boolean;
  listShown: boolean;
}

const NAME = "sophon.layout";
const watchers = new Set<() => void>();
let layout: Layout = { railWide: true, listShown: true };

try {
  layout = { ...layout, ...(JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Layout>) };
} catch {
  // Unreadable or switched off: as on the first day.
}

export function setLayout(change: Partial<Layout>): void {
  layout = { ...layout, ...change };
  try {
    localStorage.setItem(NAME, JSON.stringify(layout));
  } catch {
    // It holds for this visit.
  }
  for (const watcher of watchers) watcher();
}

export function useLayout(): Layout {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => layout,
  );
}
