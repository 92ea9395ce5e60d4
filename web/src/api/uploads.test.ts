import { expect, test, vi } from "vitest";
import { ApiError } from "./client";
import type { Document } from "./types";
import { Uploads, type sendFile } from "./uploads";

const file = (name: string) => new File(["x"], name);
const received = (isNew = true) => ({ document: { id: "doc_1" } as Document, isNew });
const states = (uploads: Uploads) => uploads.list().map((item) => `${item.name}: ${item.state}`);

test("at most three files travel at once, and each ends in its own way", async () => {
  const open: ((value: ReturnType<typeof received>) => void)[] = [];
  const uploads = new Uploads(() => new Promise((resolve) => open.push(resolve)));
  uploads.add(["a", "b", "c", "d"].map(file));
  expect(states(uploads)).toEqual(["a: sending", "b: sending", "c: sending", "d: waiting"]);
  open[0]!(received());
  await vi.waitFor(() => expect(states(uploads)).toEqual(["a: received", "b: sending", "c: sending", "d: sending"]));
  open[1]!(received(false));
  await vi.waitFor(() => expect(states(uploads)[1]).toBe("b: duplicate"));
});

test("a file that is waiting or travelling can be cancelled", async () => {
  const send: typeof sendFile = (_file, { signal } = {}) => new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new DOMException("", "AbortError"))));
  const uploads = new Uploads(send);
  const [a, , , d] = uploads.add(["a", "b", "c", "d"].map(file));
  uploads.cancel(d!);
  uploads.cancel(a!);
  await vi.waitFor(() => expect(states(uploads)).toEqual(["a: cancelled", "b: sending", "c: sending", "d: cancelled"]));
});

test("a refusal is shown with its reason and can be tried again", async () => {
  const send = vi.fn<typeof sendFile>();
  send.mockRejectedValueOnce(new ApiError("This file is larger than 50 MB.", "payload_too_large", 413)).mockResolvedValueOnce(received());
  const uploads = new Uploads(send);
  const [key] = uploads.add([file("big")]);
  await vi.waitFor(() => expect(uploads.list()[0]?.error?.message).toBe("This file is larger than 50 MB."));
  uploads.retry(key!);
  await vi.waitFor(() => expect(states(uploads)).toEqual(["big: received"]));
});

test("too many at once is waited out, not failed", async () => {
  vi.useFakeTimers();
  const send = vi.fn<typeof sendFile>();
  send.mockRejectedValueOnce(new ApiError("Slow down.", "rate_limited", 429, {}, null, 2)).mockResolvedValueOnce(received());
  const uploads = new Uploads(send);
  uploads.add([file("a")]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(states(uploads)).toEqual(["a: waiting"]);
  await vi.advanceTimersByTimeAsync(1500);
  expect(states(uploads)).toEqual(["a: received"]);
  vi.useRealTimers();
});

test("a document that was ready before its upload was answered is shown as ready", async () => {
  let answer: (value: ReturnType<typeof received>) => void = () => undefined;
  const uploads = new Uploads(() => new Promise((resolve) => (answer = resolve)));
  uploads.add([file("small.txt")]);
  uploads.update({ id: "doc_1", status: "ready" } as Document);
  answer(received());
  await vi.waitFor(() => expect(uploads.list()[0]?.document?.status).toBe("ready"));
  uploads.update({ id: "doc_1", status: "failed" } as Document);
  expect(uploads.list()[0]?.document?.status).toBe("failed");
});
