import { describe, expect, it } from "vitest";
import type { Citation, Message, Recalled } from "@/api";
import { asMarkdown, citedAs, folded, sourceAddress, sourceName, tokenWords } from "./words";

const passage = (start: number, end: number): Recalled => ({
  kind: "document",
  documentId: "doc_1",
  filename: "a.pdf",
  page: 2,
  start,
  end,
  text: "",
  score: 1,
  textScore: null,
  vectorScore: null,
  matchedTerms: [],
  why: [],
});
const memory: Recalled = { kind: "memory", memoryId: "mem_1", text: "", score: 1, textScore: null, vectorScore: null, matchedTerms: [], why: [] };
const answer = (change: Partial<Message>) =>
  ({ recalled: [], toolCalls: [], elapsedMs: null, answered: "model", status: "complete", ...change }) as unknown as Message;

describe("a turn in one line", () => {
  it("counts what was read and used, with its time", () => {
    expect(folded(answer({ recalled: [passage(0, 9), passage(9, 12), memory], toolCalls: [{}], elapsedMs: 4210 }))).toBe(
      "Read 2 passages and 1 memory, used 1 tool, 4.2 s",
    );
  });

  it("does not call looking reading when nothing was found in it", () => {
    expect(folded(answer({ answered: "not_found", recalled: [passage(0, 9)], elapsedMs: 80 }))).toBe("Looked at 1 passage, 80 ms");
    expect(folded(answer({ answered: "not_found" }))).toBe("Found nothing to read");
  });

  it("says how it ended when it did not end well", () => {
    expect(folded(answer({ status: "cancelled", elapsedMs: 900 }))).toBe("Stopped, 900 ms");
    expect(folded(answer({}))).toBe("Looked nothing up");
  });
});

describe("sources", () => {
  const citation: Citation = { number: 3, kind: "document", documentId: "doc_1", filename: "a b.pdf", page: 2, start: 4, end: 8, quote: "q", score: 1 };

  it("lead to the passage, or to the memory", () => {
    expect(sourceAddress(citation)).toBe("/documents/doc_1?page=2&start=4&end=8");
    expect(sourceAddress({ ...citation, start: 0 })).toBe("/documents/doc_1?page=2&start=0&end=8");
    expect(sourceAddress(memory)).toBe("/memory/mem_1");
    expect(sourceName(citation)).toBe("a b.pdf, page 2");
  });

  it("of what was recalled are found by overlap in the same document", () => {
    expect(citedAs(passage(0, 5), [citation])).toBe(3);
    expect(citedAs(passage(8, 20), [citation])).toBeNull();
    expect(citedAs(memory, [citation])).toBeNull();
  });
});

it("says how many tokens, or nothing where there were none", () => {
  expect(tokenWords({ prompt: 2810, completion: 402 })).toBe("2,810 tokens read, 402 written");
  expect(tokenWords({ prompt: 0, completion: 0 })).toBeNull();
});

it("saves a chat with its sources", () => {
  const text = asMarkdown("Rent", [
    { role: "user", content: "How much?", createdAt: "2026-11-21T10:00:00Z", citations: [] } as unknown as Message,
    {
      role: "assistant",
      content: "14,200 [1]",
      createdAt: "2026-11-21T10:00:04Z",
      citations: [{ number: 1, kind: "document", filename: "lease.pdf", page: 3, quote: "The rent\nis 14,200" }],
    } as unknown as Message,
  ]);
  expect(text).toContain("# Rent");
  expect(text).toContain("14,200 [1]\n\n[1] lease.pdf, page 3: “The rent is 14,200”");
});
