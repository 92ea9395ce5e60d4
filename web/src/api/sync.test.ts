import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { keys } from "./keys";
import type { Pages } from "./pages";
import { append, placeInStream, Sync, withStreamed } from "./sync";
import type { Document, Entry, LiveEvent, Message, Models, Session } from "./types";

const event = (topic: string, data: object) => ({ topic, id: "run-1", at: "", ...data }) as LiveEvent;
const pagesOf = <T>(...items: T[]): Pages<T> => ({ pages: [{ items, nextCursor: null, hasMore: false, total: items.length }], pageParams: [null] });
const idsIn = (client: QueryClient, key: readonly unknown[]) => client.getQueryData<Pages<{ id: string }>>(key)?.pages.flatMap((page) => page.items.map((one) => one.id));

const message = (id: string, content: string, status: Message["status"]) => ({ id, sessionId: "sess_1", role: "assistant", content, status, citations: [], recalled: [] }) as unknown as Message;
const document_ = (id: string, status: string) => ({ id, filename: `${id}.pdf`, status, progress: 0 }) as unknown as Document;
const entry = (id: string, supersededBy: string | null = null) => ({ id, content: id, supersededBy }) as unknown as Entry;
const session = (id: string, lastMessageAt: string) => ({ id, title: id, lastMessageAt, createdAt: "2026-01-01" }) as unknown as Session;

test("an answer grows by its deltas and ends as the server says", async () => {
  const client = new QueryClient();
  const sync = new Sync(client);
  client.setQueryData(keys.messages("sess_1"), [message("msg_0", "hi", "complete")]);
  sync.apply(event("message.created", { message: message("msg_1", "", "streaming") }));
  sync.apply(event("message.delta", { sessionId: "sess_1", messageId: "msg_1", delta: "Green " }));
  sync.apply(event("message.delta", { sessionId: "sess_1", messageId: "msg_1", delta: "tea" }));
  await vi.waitFor(() => expect(client.getQueryData<Message[]>(keys.messages("sess_1"))?.[1]?.content).toBe("Green tea"));
  sync.apply(event("message.delta", { sessionId: "sess_1", messageId: "msg_1", delta: " [1]" }));
  sync.apply(event("message.completed", { message: message("msg_1", "Green tea [1].", "complete") }));
  await new Promise((done) => setTimeout(done, 40));
  const messages = client.getQueryData<Message[]>(keys.messages("sess_1"))!;
  expect(messages.map((one) => one.content)).toEqual(["hi", "Green tea [1]."]);
  expect(messages[1]?.status).toBe("complete");
});

test("an answer of the server that is older than what was heard takes nothing back", () => {
  const sync = new Sync(new QueryClient());
  const place = placeInStream();
  sync.apply(event("message.created", { message: message("msg_8", "", "streaming") }));
  sync.apply(event("message.completed", { message: message("msg_8", "All of it.", "complete") }));
  sync.apply(event("message.created", { message: message("msg_9", "next", "complete") }));
  sync.apply(event("message.created", { message: { ...message("msg_10", "elsewhere", "complete"), sessionId: "sess_2" } }));
  const read = withStreamed([message("msg_8", "", "streaming")], "sess_1", place);
  expect(read.map((one) => [one.id, one.content, one.status])).toEqual([
    ["msg_8", "All of it.", "complete"],
    ["msg_9", "next", "complete"],
  ]);
  // Asked for afterwards, the server's word holds: what it does not list is not there.
  expect(withStreamed([], "sess_1", placeInStream())).toEqual([]);
});

test("a chat that is opened in the middle of an answer shows what was already said", async () => {
  const sync = new Sync(new QueryClient());
  sync.apply(event("message.created", { message: message("msg_2", "", "streaming") }));
  sync.apply(event("message.delta", { sessionId: "sess_1", messageId: "msg_2", delta: "Half of it" }));
  sync.stop();
  expect(withStreamed([message("msg_2", "", "streaming")], "sess_1", placeInStream())[0]?.content).toBe("Half of it");
  expect(withStreamed([message("msg_2", "All of it.", "complete")], "sess_1", placeInStream())[0]?.content).toBe("All of it.");
});

test("pieces of an answer are put where they belong, and a gap is noticed", () => {
  expect(append("Tea 🍵", [{ text: " is", offset: 5 }, { text: " hot", offset: 8 }])).toBe("Tea 🍵 is hot");
  expect(append("Tea 🍵 is", [{ text: "🍵 is", offset: 4 }, { text: "is hot", offset: 6 }])).toBe("Tea 🍵 is hot");
  expect(append("Tea", [{ text: "hot", offset: 8 }])).toBeNull();
  expect(append("Tea", [{ text: " hot" }])).toBe("Tea hot");
});

test("a new document comes first in the plain list, and a filtered list is read again", async () => {
  vi.useFakeTimers();
  const client = new QueryClient();
  const sync = new Sync(client);
  client.setQueryData(keys.documents(), pagesOf(document_("doc_1", "ready")));
  client.setQueryData(keys.documents({ status: "failed" }), pagesOf<Document>());
  const invalidate = vi.spyOn(client, "invalidateQueries");
  sync.apply(event("document.updated", { document: document_("doc_2", "uploaded") }));
  sync.apply(event("document.updated", { document: document_("doc_2", "extracting") }));
  expect(idsIn(client, keys.documents())).toEqual(["doc_2", "doc_1"]);
  expect(client.getQueryData<Pages<Document>>(keys.documents())?.pages[0]?.total).toBe(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(invalidate.mock.calls.map(([filter]) => filter?.queryKey)).toContainEqual(keys.documents({ status: "failed" }));
  sync.apply(event("document.deleted", { documentId: "doc_1" }));
  expect(idsIn(client, keys.documents())).toEqual(["doc_2"]);
  vi.useRealTimers();
});

test("a superseded memory leaves the list of what holds and stays in the list of all versions", () => {
  const client = new QueryClient();
  const sync = new Sync(client);
  client.setQueryData(keys.entries({}), pagesOf(entry("mem_1")));
  client.setQueryData(keys.entries({ includeSuperseded: true }), pagesOf(entry("mem_1")));
  sync.apply(event("memory.written", { entry: entry("mem_2") }));
  sync.apply(event("memory.superseded", { entry: entry("mem_1", "mem_2") }));
  expect(idsIn(client, keys.entries({}))).toEqual(["mem_2"]);
  expect(idsIn(client, keys.entries({ includeSuperseded: true }))).toEqual(["mem_1"]);
  sync.stop();
});

test("a session moves up when something was said in it, and a renamed one stays where it is", () => {
  const client = new QueryClient();
  const sync = new Sync(client);
  client.setQueryData(keys.sessions(), pagesOf(session("sess_a", "2026-03-01"), session("sess_b", "2026-02-01")));
  sync.apply(event("session.updated", { session: { ...session("sess_b", "2026-02-01"), title: "Renamed" } }));
  expect(idsIn(client, keys.sessions())).toEqual(["sess_a", "sess_b"]);
  sync.apply(event("session.updated", { session: session("sess_b", "2026-04-01") }));
  expect(idsIn(client, keys.sessions())).toEqual(["sess_b", "sess_a"]);
});

test("a download's progress changes the model in place", () => {
  const client = new QueryClient();
  const sync = new Sync(client);
  const model = { id: "m", status: "downloading", doneBytes: 1, isInUse: false };
  client.setQueryData(keys.models, { items: [model] });
  sync.apply(event("model.updated", { model: { ...model, doneBytes: 2 } }));
  expect(client.getQueryData<Models>(keys.models)?.items[0]?.doneBytes).toBe(2);
});

test("after a reset everything is read again", () => {
  const client = new QueryClient();
  const invalidate = vi.spyOn(client, "invalidateQueries");
  new Sync(client).startOver();
  expect(invalidate).toHaveBeenCalledWith();
});
