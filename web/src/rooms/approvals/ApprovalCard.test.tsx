import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Approval } from "@/api";
import { ApprovalCard } from "./ApprovalCard";
import { gistOf, nameOf, titleOf } from "./words";

const approval: Approval = {
  id: "apr_1",
  toolName: "memory.forget",
  risk: "high",
  parameters: { entryId: "mem_1" },
  preview: { action: "Erase this memory with its history, for good", entry: { id: "mem_1", content: "Ingrid is allergic to nuts", entities: [] } },
  editable: false,
  sessionId: null,
  taskId: null,
  agentId: null,
  requestedAt: new Date().toISOString(),
  expiresAt: new Date(Date.now() + 300_000).toISOString(),
  status: "pending",
  decidedBy: null,
  decidedAt: null,
  reason: null,
};

const show = (change: Partial<Approval> = {}) =>
  render(
    <QueryClientProvider client={new QueryClient()}>
      <ApprovalCard approval={{ ...approval, ...change }} />
    </QueryClientProvider>,
  );

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    "fetch",
    vi.fn(() => new Promise(() => undefined)),
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("shows what would happen, without ids", () => {
  const { container } = show();
  expect(container.textContent).toContain("Erase this memory with its history, for good");
  expect(container.querySelector("dl")?.textContent).toBe("ContentIngrid is allergic to nuts");
});

it("puts Reject before Allow, and arms Allow only after a moment", async () => {
  show();
  const [reject, allow] = ["Reject", "Allow"].map((name) => screen.getByRole<HTMLButtonElement>("button", { name }));
  expect(reject!.compareDocumentPosition(allow!) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
  expect(allow!.disabled).toBe(true);
  fireEvent.click(allow!);
  expect(fetch).not.toHaveBeenCalled();
  act(() => void vi.advanceTimersByTime(1300));
  expect(allow!.disabled).toBe(false);
  fireEvent.click(allow!);
  await act(() => vi.advanceTimersByTimeAsync(10));
  expect(vi.mocked(fetch).mock.calls[0]?.[0]).toBe("/api/approvals/apr_1/approve");
});

it("offers no answer to a question that has one", () => {
  show({ status: "timed_out", decidedAt: new Date().toISOString() });
  expect(screen.queryByRole("button", { name: "Allow" })).toBeNull();
  expect(screen.getByText(/Not answered in time/)).toBeTruthy();
});

it("names tools in words, and unknown ones by their own name", () => {
  expect(titleOf(approval)).toBe("Forget a memory");
  expect(titleOf({ toolName: "mail.send", preview: {} })).toBe("mail.send");
  expect(gistOf(approval)).toBe("Ingrid is allergic to nuts");
  expect(nameOf("createdAt")).toBe("Created at");
});
