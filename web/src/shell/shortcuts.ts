/** All keys of the UI, once: the list under Cmd/Ctrl+/, the palette and the handlers read this table. */
import { useEffect, useRef } from "react";
import { isKeys } from "@/components";

export interface Shortcut {
  id: "palette" | "new-chat" | "sidebar" | "settings" | "keys" | "to-input";
  keys: string;
  does: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { id: "palette", keys: "mod+k", does: "Go to, do, or find anything" },
  { id: "new-chat", keys: "mod+shift+o", does: "New chat" },
  { id: "sidebar", keys: "mod+shift+s", does: "Show or hide the list" },
  { id: "settings", keys: "mod+.", does: "Settings" },
  { id: "keys", keys: "mod+/", does: "This list of keys" },
  { id: "to-input", keys: "shift+escape", does: "Back to the input" },
];

/** Keys that belong to a place, for the list only: the place handles them. */
export const LOCAL: readonly { place: string; keys: readonly { keys: string; does: string }[] }[] = [
  {
    place: "In a chat",
    keys: [
      { keys: "enter", does: "Send" },
      { keys: "shift+enter", does: "New line" },
      { keys: "up", does: "Recall what you said before, in an empty input" },
      { keys: "escape", does: "Stop the answer" },
    ],
  },
  {
    place: "In a list",
    keys: [
      { keys: "j", does: "Next, as ↓" },
      { keys: "k", does: "Previous, as ↑" },
      { keys: "enter", does: "Open" },
      { keys: "f2", does: "Rename" },
      { keys: "delete", does: "Delete" },
    ],
  },
  {
    place: "Everywhere",
    keys: [{ keys: "escape", does: "Close what is open, or stop what runs" }],
  },
];

export function keysOf(id: Shortcut["id"]): string {
  return SHORTCUTS.find((one) => one.id === id)?.keys ?? "";
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

/** Handles the keys of the whole UI while mounted. */
export function useShortcuts(acts: Record<Shortcut["id"], () => void>): void {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const found = SHORTCUTS.find((one) => isKeys(event, one.keys));
      if (found) {
        event.preventDefault();
        latest.current[found.id]();
        return;
      }
      // J and K with nothing in focus begin at the list of the room.
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
      if (
        isPlain &&
        (event.key === "j" || event.key === "k") &&
        !isWriting(event.target) &&
        !(event.target as HTMLElement).closest("[data-list], [role=dialog]")
      ) {
        const row = document.querySelector<HTMLElement>('[data-list] [data-active="true"]');
        if (row) {
          event.preventDefault();
          row.focus();
        }
      }
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
