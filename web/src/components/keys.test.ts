import { describe, expect, it } from "vitest";
import { isKeys, keyNames } from "./keys";

const press = (key: string, held: Partial<KeyboardEvent> = {}) =>
  ({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held }) as KeyboardEvent;

describe("keys", () => {
  it("are named as the person's keyboard names them", () => {
    expect(keyNames("mod+shift+o", false)).toEqual(["Ctrl", "Shift", "O"]);
    expect(keyNames("mod+k", true)).toEqual(["⌘", "K"]);
  });

  it("match exactly, with no other modifier held", () => {
    expect(isKeys(press("k", { ctrlKey: true }), "mod+k", false)).toBe(true);
    expect(isKeys(press("k", { ctrlKey: true, shiftKey: true }), "mod+k", false)).toBe(false);
    expect(isKeys(press("k"), "mod+k", false)).toBe(false);
    expect(isKeys(press("k", { metaKey: true }), "mod+k", false)).toBe(false);
    expect(isKeys(press("k", { metaKey: true }), "mod+k", true)).toBe(true);
  });

  it("find / and . by their place when another layout needs Shift for the sign", () => {
    expect(isKeys(press("-", { ctrlKey: true, code: "Slash" }), "mod+/", false)).toBe(true);
    expect(isKeys(press("O", { ctrlKey: true, shiftKey: true, code: "KeyO" }), "mod+shift+o", false)).toBe(true);
  });
});
