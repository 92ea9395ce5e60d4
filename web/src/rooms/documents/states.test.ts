import { expect, test } from "vitest";
import type { Document, Upload } from "@/api";
import { hasFailed, isOpen, lineOf, stateOf } from "./states";

const document_ = (change: Partial<Document>) => ({ id: "doc_1", filename: "a.pdf", status: "ready", progress: 1, detail: null, chunkCount: 48, error: null, ...change }) as Document;
const upload = (change: Partial<Upload>): Upload => ({ key: 1, name: "a.pdf", sizeBytes: 4_000_000, sentBytes: 0, state: "waiting", document: null, error: null, ...change });

test("a file tells how far it is, from the first byte to being found", () => {
  expect(lineOf(upload({ state: "sending", sentBytes: 1_000_000 }))).toEqual({ meaning: "busy", words: "Sending: 1 MB of 4 MB", progress: 0.25 });
  expect(lineOf(upload({ state: "sending", sentBytes: 4_000_000 })).progress).toBeNull();
  expect(lineOf(upload({ state: "received", document: document_({ status: "embedding", detail: "Learning passage 12 of 48", progress: 0.25 }) }))).toEqual({
    meaning: "busy",
    words: "Learning passage 12 of 48",
    progress: 0.25,
  });
  expect(lineOf(upload({ state: "received", document: document_({}) })).words).toBe("Ready, 48 passages");
});

test("an empty file is not a division by nothing", () => {
  expect(lineOf(upload({ state: "sending", sizeBytes: 0 })).progress).toBeNull();
});

test("the same bytes under another name say which", () => {
  expect(lineOf(upload({ state: "duplicate", document: document_({ filename: "b.pdf" }) })).words).toBe("You have this file already, as “b.pdf”");
});

test("what failed while it was read counts as failed and not as open", () => {
  const failed = upload({ state: "received", document: document_({ status: "failed", error: { code: "password_protected", message: "It has a password." } }) });
  expect([hasFailed(failed), isOpen(failed), lineOf(failed).words]).toEqual([true, false, "It has a password."]);
  expect(stateOf(document_({ status: "extracting", detail: null }))).toBe("Reading");
});
