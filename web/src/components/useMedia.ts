import { useCallback, useSyncExternalStore } from "react";

/** Below this the rail is a bar at the bottom and the list a page of its own. */
export const NARROW = "(max-width: 759px)";
/** Below this the inspector lies over the work instead of beside it. */
export const MEDIUM = "(max-width: 1179px)";
/** Fingers instead of a mouse: rows and buttons are taller. */
export const TOUCH = "(pointer: coarse)";

export function useMedia(query: string): boolean {
  const watch = useCallback(
    (changed: () => void) => {
      const list = window.matchMedia(query);
      list.addEventListener("change", changed);
      return () => list.removeEventListener("change", changed);
    },
    [query],
  );
  return useSyncExternalStore(watch, () => window.matchMedia(query).matches);
}
