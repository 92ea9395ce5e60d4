/** Keys as people read them. "mod" is Cmd on a Mac and Ctrl elsewhere. */
export const isMac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);

const WORDS: Record<string, [elsewhere: string, mac: string]> = {
  mod: ["Ctrl", "⌘"],
  shift: ["Shift", "⇧"],
  alt: ["Alt", "⌥"],
  enter: ["Enter", "↵"],
  escape: ["Esc", "esc"],
  delete: ["Del", "Del"],
  up: ["↑", "↑"],
  down: ["↓", "↓"],
  left: ["←", "←"],
  right: ["→", "→"],
};

/** "mod+shift+o" -> ["Ctrl", "Shift", "O"]. */
export function keyNames(keys: string, mac = isMac): string[] {
  return keys.split("+").map((key) => WORDS[key]?.[mac ? 1 : 0] ?? key.toUpperCase());
}

/** Whether a keyboard event is these keys, exactly: no other modifier held. */
export function isKeys(event: KeyboardEvent, keys: string, mac = isMac): boolean {
  const parts = keys.split("+");
  const key = parts.at(-1) ?? "";
  const held = (name: string) => parts.includes(name);
  if (held("mod") !== (mac ? event.metaKey : event.ctrlKey) || (mac ? event.ctrlKey : event.metaKey)) return false;
  if (held("alt") !== event.altKey) return false;
  // Shift changes some keys' sign (Shift+/ is "?" here and "_" there), so the physical key counts as well.
  if (held("shift") !== event.shiftKey) return false;
  const codes: Record<string, string> = { ".": "Period", "/": "Slash" };
  return event.key.toLowerCase() === key || event.code === `Key${key.toUpperCase()}` || (key in codes && event.code === codes[key]);
}
