import { afterEach, expect, test, vi } from "vitest";
import { address, api, ApiError, toApiError } from "./client";

afterEach(() => vi.unstubAllGlobals());

const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(status === 204 ? null : body, { status, headers })));

const failure = (promise: Promise<unknown>) => promise.then(() => expect.fail("it did not fail"), (error: unknown) => error as ApiError);

test("an address leaves out what is empty and repeats lists", () => {
  expect(address("/documents", { q: "", tag: null, limit: 20, documentId: ["a", "b"], explain: true })).toBe("/api/documents?limit=20&documentId=a&documentId=b&explain=true");
  expect(address("/documents")).toBe("/api/documents");
});

test("an error carries the server's words, code, details, request id and waiting time", async () => {
  answer(429, JSON.stringify({ error: { code: "rate_limited", message: "Too many.", details: { limit: 60 }, requestId: "req_1" } }), { "Retry-After": "7" });
  const error = await failure(api.get("/documents"));
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: "rate_limited", message: "Too many.", status: 429, details: { limit: 60 }, requestId: "req_1", retryAfterS: 7 });
});

test("an answer that is not the server's own still becomes an error with the request id of its header", () => {
  const error = toApiError(502, "<html>bad gateway</html>", (name) => (name === "X-Sophon-Request-Id" ? "req_9" : null));
  expect(error).toMatchObject({ status: 502, code: "internal_error", requestId: "req_9", retryAfterS: null });
});

test("no answer at all is told apart from a refusal", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const error = await failure(api.get("/documents"));
  expect(error.isUnreachable).toBe(true);
});

test("a call that was given up is not an error of the server", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new DOMException("stop", "AbortError")));
  const stop = new AbortController();
  stop.abort();
  expect((await failure(api.get("/documents", { signal: stop.signal }))).name).toBe("AbortError");
});

test("204 answers with nothing", async () => {
  answer(204, "");
  expect(await api.delete("/documents/doc_1")).toBeUndefined();
});
