/**
 * What happens in the workspace, as it happens: one connection for all tabs of this browser.
 *
 * A browser opens six connections to one server. If every tab kept a stream, the seventh would hang. So the tabs elect one by a lock; it follows
 * `/api/events` and tells the others over a channel. When it closes, the next takes over from the last event it heard.
 */
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { ApiError } from "./client";
import { Stream, type Frame, type StreamState } from "./sse";
import type { LiveEvent } from "./types";

export type LiveState = "connecting" | "live" | "lost";

type Told = { kind: "event"; event: LiveEvent } | { kind: "state"; state: LiveState } | { kind: "who" };

const NAME = "sophon-live";

export function toLiveEvent(frame: Frame): LiveEvent | null {
  try {
    const data = JSON.parse(frame.data) as object;
    return { at: "", ...data, topic: frame.event, id: frame.id } as LiveEvent;
  } catch {
    return null;
  }
}

export class Live {
  private state: LiveState = "connecting";
  private lastId: string | null = null;
  private stream: Stream | null = null;
  private channel: BroadcastChannel | null = null;
  private quit: AbortController | null = null;
  private readonly listeners = new Set<(event: LiveEvent) => void>();
  private readonly watchers = new Set<() => void>();
  private readonly fresh = new Set<() => void>();

  /** Starts following; the answer stops it. */
  start(): () => void {
    const quit = new AbortController();
    this.quit = quit;
    const hurry = () => this.stream?.hurry();
    window.addEventListener("online", hurry);
    window.addEventListener("focus", hurry);
    const thawed = (event: PageTransitionEvent) => event.persisted && this.startOver();
    window.addEventListener("pageshow", thawed);
    if (typeof BroadcastChannel !== "undefined" && "locks" in navigator) {
      const channel = new BroadcastChannel(NAME);
      this.channel = channel;
      channel.onmessage = ({ data }: MessageEvent<Told>) => this.hear(data);
      channel.postMessage({ kind: "who" } satisfies Told);
      navigator.locks.request(NAME, { signal: quit.signal }, () => this.follow()).catch(() => undefined);
    } else void this.follow();
    return () => {
      quit.abort();
      this.stream?.stop();
      this.channel?.close();
      this.channel = null;
      window.removeEventListener("online", hurry);
      window.removeEventListener("focus", hurry);
      window.removeEventListener("pageshow", thawed);
    };
  }

  /** Each event from now on. */
  listen(listener: (event: LiveEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Called when what was read before may be out of date without an event to tell. */
  onFresh(listener: () => void): () => void {
    this.fresh.add(listener);
    return () => this.fresh.delete(listener);
  }

  /** Try to connect now. */
  hurry(): void {
    this.stream?.hurry();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly connection = (): LiveState => this.state;

  private async follow(): Promise<void> {
    if (this.quit?.signal.aborted) return;
    this.stream = new Stream({
      path: "/events",
      lastId: this.lastId,
      onFrame: (frame) => {
        const event = toLiveEvent(frame);
        if (!event) return;
        this.channel?.postMessage({ kind: "event", event } satisfies Told);
        this.give(event);
      },
      onState: (state, error) => this.become(state, error),
    });
    await this.stream.run();
    this.stream = null;
  }

  private become(state: StreamState, _error: ApiError | null): void {
    const next: LiveState = state === "live" ? "live" : state === "waiting" ? "lost" : this.state === "lost" ? "lost" : "connecting";
    this.set(next);
    this.channel?.postMessage({ kind: "state", state: next } satisfies Told);
  }

  private hear(told: Told): void {
    if (told.kind === "event") this.give(told.event);
    else if (told.kind === "state") this.set(told.state);
    else if (this.stream) this.channel?.postMessage({ kind: "state", state: this.state } satisfies Told);
  }

  private set(state: LiveState): void {
    if (state === this.state) return;
    this.state = state;
    // Without a place to resume from, what happened before this moment was not heard.
    if (state === "live" && !this.lastId) this.startOver();
    for (const watcher of this.watchers) watcher();
  }

  private give(event: LiveEvent): void {
    if (event.id) this.lastId = event.id;
    if (event.topic === "stream.reset") this.startOver();
    for (const listener of this.listeners) listener(event);
  }

  private startOver(): void {
    for (const listener of this.fresh) listener();
  }
}

export const live = new Live();

/** Whether this page hears the server: "lost" is what to show as offline. */
export function useConnection(): LiveState {
  return useSyncExternalStore(live.watch, live.connection);
}

/** Calls `listener` for each event of the workspace while mounted. */
export function useLiveEvents(listener: (event: LiveEvent) => void): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => live.listen((event) => latest.current(event)), []);
}

/** The events of one chat: those of its session, whichever task or message they belong to. */
export function useSessionEvents(sessionId: string | null | undefined, listener: (event: LiveEvent) => void): void {
  useLiveEvents((event) => {
    if (sessionId && event.sessionId === sessionId) listener(event);
  });
}
