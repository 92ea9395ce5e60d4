import { expect, test } from "vitest";
import type { Model, Models } from "@/api";
import { facts, group, share, stateOf } from "./words";

const model = (id: string, change: Partial<Model> = {}) =>
  ({ id, name: id, kind: "chat", source: "catalogue", status: "available", sizeBytes: 491_400_064, parameters: "0.5B", licence: "Apache-2.0", contextTokens: 32768, doneBytes: 0, totalBytes: 0, error: null, recommended: false, ...change }) as Model;
const models = (items: Model[], chat: string | null = null) => ({ items, chat: { modelId: chat }, embedding: { modelId: "e" } }) as Models;

test("facts leave out what nobody knows", () => {
  expect(facts(model("a"))).toBe("0.5B parameters, 491 MB, Apache-2.0, reads 32,768 tokens");
  expect(facts(model("a", { sizeBytes: null, parameters: null, licence: "", contextTokens: null }))).toBe("");
});

test("a download tells how far it is, and a queued one why it waits", () => {
  const under = model("a", { status: "downloading", doneBytes: 41_000_000, totalBytes: 98_000_000 });
  expect([stateOf(under), share(under)?.toFixed(2)]).toEqual(["41 MB of 98 MB", "0.42"]);
  expect(stateOf(model("a", { status: "queued", error: "No network yet; it is tried again by itself." }))).toBe("No network yet; it is tried again by itself.");
  expect(share(model("a", { status: "verifying" }))).toBeNull();
});

test("what is recommended is not recommended once it is in use", () => {
  const items = [model("a", { status: "installed", recommended: true }), model("b"), model("ollama/c", { source: "provider", status: "installed" }), model("e", { kind: "embedding", status: "installed" })];
  expect(group(models(items)).recommended?.id).toBe("a");
  const groups = group(models(items, "a"));
  expect([groups.recommended, groups.chat?.id, groups.embedding?.id]).toEqual([null, "a", "e"]);
  expect([groups.here, groups.providers, groups.catalogue].map((list) => list.map((one) => one.id))).toEqual([["a", "e"], ["ollama/c"], ["b"]]);
});
