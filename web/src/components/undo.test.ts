import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { dismiss, useToasts } from "./toast";
import { deleteWithUndo, useHidden } from "./undo";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const start = (run: () => Promise<unknown>) => {
  const hidden = renderHook(() => useHidden());
  const toasts = renderHook(() => useToasts());
  act(() => deleteWithUndo({ id: "one", said: "One was deleted", failed: "One was not deleted", run }));
  return { hidden: hidden.result, toasts: toasts.result };
};

it("hides at once and deletes only when the time to take it back is over", async () => {
  const run = vi.fn(() => Promise.resolve());
  const { hidden, toasts } = start(run);
  expect(hidden.current.has("one")).toBe(true);
  expect(run).not.toHaveBeenCalled();
  await act(async () => dismiss(toasts.current.at(-1)!.key));
  expect(run).toHaveBeenCalledOnce();
  expect(hidden.current.has("one")).toBe(false);
});

it("brings it back when undone, and never deletes", async () => {
  const run = vi.fn(() => Promise.resolve());
  const { hidden, toasts } = start(run);
  const shown = toasts.current.at(-1)!;
  await act(async () => {
    shown.action?.onAction();
    dismiss(shown.key, true);
  });
  expect(hidden.current.has("one")).toBe(false);
  expect(run).not.toHaveBeenCalled();
});

it("shows it again, and says why, when the server refuses", async () => {
  const { hidden, toasts } = start(() => Promise.reject(new Error("no")));
  await act(async () => dismiss(toasts.current.at(-1)!.key));
  expect(hidden.current.has("one")).toBe(false);
  expect(toasts.current.at(-1)?.text).toContain("One was not deleted");
});
