/** Carries what happened into what is cached, topic by topic, so that rooms show it without asking again. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { keys } from "./keys";
import { live } from "./live";
import { eachList, isUnfiltered, prependTo, removeFrom, replaceIn } from "./pages";
import type { Approval, Document, DocumentText, Entry, LiveEvent, Message, Model, Models, Provider, Session, Task, TurnStep } from "./types";

/** Answers that are being written, so that a chat opened in the middle shows what was already said. */
const streaming = new Map<string, Message>();

/** Messages that were begun or finished lately, and when: an answer of the server may be older than what the stream has told meanwhile. */
const lately = new Map<string, { message: Message; seq: number }>();
const REMEMBERED = 200;
let heardSoFar = 0;

function remember(message: Message): void {
  lately.delete(message.id);
  lately.set(message.id, { message, seq: ++heardSoFar });
  for (const id of lately.keys()) {
    if (lately.size <= REMEMBERED) break;
    lately.delete(id);
  }
}

/** A place in what was heard: to be taken before asking the server, and given to `withStreamed` with what it answered. */
export function placeInStream(): number {
  return heardSoFar;
}

/** `messages` of a session as read from the server, with what the stream has told since `place`: nothing that was heard is taken back. */
export function withStreamed(messages: Message[], sessionId: string, place: number): Message[] {
  const known = new Set(messages.map((one) => one.id));
  const since = [...lately.values()].filter(({ message, seq }) => seq > place && message.sessionId === sessionId && !known.has(message.id));
  return [...messages, ...since.map((one) => one.message)].map((message) => {
    if (message.status !== "streaming") return message;
    const finished = lately.get(message.id)?.message;
    if (finished && finished.status !== "streaming") return finished;
    const heard = streaming.get(message.id);
    return heard && heard.content.length >= message.content.length ? heard : message;
  });
}

/** Follows the workspace and keeps `client` up to date; the answer stops it. */
export function followWorkspace(client: QueryClient): () => void {
  const sync = new Sync(client);
  const stops = [live.listen((event) => sync.apply(event)), live.onFresh(() => sync.startOver()), live.start()];
  return () => {
    for (const stop of stops) stop();
    sync.stop();
  };
}

interface Piece {
  text: string;
  offset?: number;
}

/** `content` with `pieces` at their places; what it has already is not doubled. Null when something between is missing. */
export function append(content: string, pieces: readonly Piece[]): string | null {
  let length = points(content);
  for (const { text, offset } of pieces) {
    const own = points(text);
    if (offset === undefined || offset === length) content += text;
    else if (offset > length) return null;
    else if (offset + own > length) content += [...text].slice(length - offset).join("");
    else continue;
    length = offset === undefined ? length + own : offset + own;
  }
  return content;
}

/** How many characters the server counts: code points, not UTF-16 units. */
function points(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0xdc00 && code <= 0xdfff) count -= 1;
  }
  return count;
}

function soon(act: () => void): () => void {
  if (document.hidden) {
    const timer = setTimeout(act, 250);
    return () => clearTimeout(timer);
  }
  const frame = requestAnimationFrame(act);
  return () => cancelAnimationFrame(frame);
}

/** Lists that an event makes doubtful are read again at most this often. */
const STALE_EVERY_MS = 700;

export class Sync {
  private readonly stale = new Map<string, QueryKey>();
  private staleTimer: ReturnType<typeof setTimeout> | null = null;
  private readonly deltas = new Map<string, { sessionId: string; pieces: Piece[] }>();
  private cancelFlush: (() => void) | null = null;

  constructor(private readonly client: QueryClient) {}

  stop(): void {
    if (this.staleTimer) clearTimeout(this.staleTimer);
    this.stale.clear();
    this.flush();
  }

  /** Everything that is on screen is read again: events were missed. */
  startOver(): void {
    streaming.clear();
    lately.clear();
    this.deltas.clear();
    void this.client.invalidateQueries();
  }

  apply(event: LiveEvent): void {
    switch (event.topic) {
      case "message.created":
        remember(event.message);
        if (event.message.status === "streaming") streaming.set(event.message.id, event.message);
        this.putMessage(event.message);
        return;
      case "message.delta":
        this.queueDelta(event.messageId, event.sessionId ?? "", { text: event.delta, offset: event.offset });
        return;
      case "message.completed":
        this.deltas.delete(event.message.id);
        streaming.delete(event.message.id);
        remember(event.message);
        this.putMessage(event.message);
        return;
      case "turn.step":
        this.client.setQueryData<TurnStep[]>(keys.steps(event.messageId), (steps) => [...(steps ?? []), event]);
        return;
      case "task.queued":
      case "task.started":
      case "task.completed":
      case "task.failed":
      case "task.cancelled":
        this.putTask(event.task);
        return;
      case "session.updated":
        this.putSession(event.session);
        return;
      case "session.deleted":
        this.removeEverywhere<Session>(["sessions", "list"], event.sessionId);
        this.client.removeQueries({ queryKey: keys.messages(event.sessionId) });
        return;
      case "approval.requested":
      case "approval.resolved":
        this.putApproval(event.approval);
        return;
      case "document.updated":
        this.putDocument(event.document);
        return;
      case "document.deleted":
        this.removeEverywhere<Document>(["documents", "list"], event.documentId);
        this.invalidate(["documents", "passages"]);
        return;
      case "memory.written":
      case "memory.superseded":
        this.putEntry(event.entry);
        return;
      case "memory.deleted":
        this.removeEverywhere<Entry>(["memory", "list"], event.entryId);
        this.memoryChanged();
        return;
      case "model.updated":
        this.putModel(event.model);
        return;
      case "provider.updated":
        this.putProvider(event.provider);
        return;
      case "stream.reset":
        return; // live.onFresh has it
    }
  }

  private putMessage(message: Message): void {
    this.flush();
    this.client.setQueryData<Message[]>(keys.messages(message.sessionId), (messages) => {
      if (!messages) return messages;
      const at = messages.findIndex((one) => one.id === message.id);
      return at < 0 ? [...messages, message] : messages.with(at, message);
    });
  }

  private queueDelta(messageId: string, sessionId: string, piece: Piece): void {
    const waiting = this.deltas.get(messageId);
    if (waiting) waiting.pieces.push(piece);
    else this.deltas.set(messageId, { sessionId, pieces: [piece] });
    // One change of the screen per frame, however fast the model writes; hidden tabs have no frames.
    this.cancelFlush ??= soon(this.flush);
  }

  private readonly flush = (): void => {
    this.cancelFlush?.();
    this.cancelFlush = null;
    for (const [messageId, { sessionId, pieces }] of this.deltas) {
      const heard = streaming.get(messageId);
      const session = heard?.sessionId ?? sessionId;
      const shown = heard ?? this.client.getQueryData<Message[]>(keys.messages(session))?.find((one) => one.id === messageId);
      if (!shown) continue;
      const content = append(shown.content, pieces);
      // Some of it was never heard: the server has the whole.
      if (content === null) {
        this.invalidate(keys.messages(session));
        continue;
      }
      const message = { ...shown, content };
      streaming.set(messageId, message);
      this.client.setQueryData<Message[]>(keys.messages(session), (messages) => messages?.map((one) => (one.id === messageId ? message : one)));
    }
    this.deltas.clear();
  };

  private putTask(task: Task): void {
    this.client.setQueryData(keys.task(task.id), (had: Task | undefined) => had && task);
    const isOver = task.status !== "queued" && task.status !== "running";
    eachList<Task>(this.client, keys.tasksActive, (pages) => {
      if (isOver) return removeFrom(pages, task.id);
      return replaceIn(pages, task) ?? prependTo(pages, task);
    });
    if (isOver) this.invalidate(["tasks", "history"]);
  }

  private putSession(session: Session): void {
    this.client.setQueryData(keys.session(session.id), session);
    eachList<Session>(this.client, ["sessions", "list"], (pages, key) => {
      const first = pages.pages[0]?.items[0];
      const isKnown = pages.pages.some((page) => page.items.some((one) => one.id === session.id));
      if (isKnown && (first?.id === session.id || !isUnfiltered(key))) return replaceIn(pages, session) ?? pages;
      if (!isUnfiltered(key)) {
        this.invalidate(key);
        return pages;
      }
      // The list is sorted by the last word said: only a newer one moves a session up.
      const isNewest = !first || (session.lastMessageAt ?? session.createdAt) >= (first.lastMessageAt ?? first.createdAt);
      if (isKnown && !isNewest) return replaceIn(pages, session) ?? pages;
      return prependTo(removeFrom(pages, session.id), session);
    });
  }

  private putApproval(approval: Approval): void {
    this.client.setQueryData(keys.approval(approval.id), approval);
    eachList<Approval>(this.client, keys.approvals, (pages) => {
      if (approval.status !== "pending") return removeFrom(pages, approval.id);
      return replaceIn(pages, approval) ?? prependTo(pages, approval);
    });
    if (approval.status !== "pending") this.invalidate(["approvals", "history"]);
  }

  private putDocument(document: Document): void {
    this.client.setQueryData<DocumentText>(keys.document(document.id), (had) => {
      if (!had) return had;
      // The text came into being (or went): read it.
      if (had.status !== document.status) this.invalidate(keys.document(document.id));
      return { ...had, ...document };
    });
    this.putInLists(["documents", "list"], document);
    if (document.status === "ready") this.invalidate(["documents", "passages"]);
  }

  private putEntry(entry: Entry): void {
    this.client.setQueryData(keys.entry(entry.id), entry);
    eachList<Entry>(this.client, ["memory", "list"], (pages, key) => {
      const showsOld = String((key[2] as Record<string, unknown> | undefined)?.includeSuperseded ?? "") === "true";
      if (entry.supersededBy && !showsOld) return removeFrom(pages, entry.id);
      const replaced = replaceIn(pages, entry);
      if (replaced) return replaced;
      if (isUnfiltered(key)) return prependTo(pages, entry);
      this.invalidate(key);
      return pages;
    });
    this.memoryChanged();
  }

  private memoryChanged(): void {
    for (const part of ["search", "graph", "history", "daily"]) this.invalidate(["memory", part]);
  }

  private putModel(model: Model): void {
    this.client.setQueryData<Models>(keys.models, (models) => {
      if (!models) return models;
      const had = models.items.find((one) => one.id === model.id);
      // Which model is in use, and what is recommended, may have moved to another one.
      if (!had || had.status !== model.status || had.isInUse !== model.isInUse) this.invalidate(keys.models);
      return had ? { ...models, items: models.items.map((one) => (one.id === model.id ? model : one)) } : { ...models, items: [...models.items, model] };
    });
  }

  private putProvider(provider: Provider): void {
    this.client.setQueryData<Provider[]>(keys.providers, (providers) => {
      if (!providers) return providers;
      return providers.some((one) => one.id === provider.id) ? providers.map((one) => (one.id === provider.id ? provider : one)) : [...providers, provider];
    });
    this.invalidate(keys.models);
  }

  private putInLists<T extends { id: string }>(prefix: QueryKey, item: T): void {
    eachList<T>(this.client, prefix, (pages, key) => {
      const replaced = replaceIn(pages, item);
      if (replaced) return replaced;
      if (isUnfiltered(key)) return prependTo(pages, item);
      this.invalidate(key);
      return pages;
    });
  }

  private removeEverywhere<T extends { id: string }>(prefix: QueryKey, id: string): void {
    eachList<T>(this.client, prefix, (pages) => removeFrom(pages, id));
  }

  private invalidate(key: QueryKey): void {
    this.stale.set(JSON.stringify(key), key);
    this.staleTimer ??= setTimeout(() => {
      this.staleTimer = null;
      const keys = [...this.stale.values()];
      this.stale.clear();
      for (const queryKey of keys) void this.client.invalidateQueries({ queryKey });
    }, STALE_EVERY_MS);
  }
}
