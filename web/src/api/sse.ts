/** Server-sent events over fetch: unlike EventSource it can tell why it failed and where it resumes. */
import { api, ApiError } from "./client";

export interface Frame {
  id: string | null;
  event: string;
  data: string;
}

/** Turns the text of a stream, in pieces cut anywhere, into frames (WHATWG HTML, section 9.2.6). */
export class FrameParser {
  private rest = "";
  private id: string | null = null;
  private event = "";
  private data: string[] = [];

  push(text: string): Frame[] {
    const frames: Frame[] = [];
    const all = this.rest + text;
    let from = 0;
    for (;;) {
      const end = all.slice(from).search(/\r\n|\r|\n/);
      if (end < 0) break;
      const at = from + end;
      // A CR at the very end may be half of a CRLF: wait for what follows.
      if (all[at] === "\r" && at === all.length - 1) break;
      this.line(all.slice(from, at), frames);
      from = at + (all[at] === "\r" && all[at + 1] === "\n" ? 2 : 1);
    }
    this.rest = all.slice(from);
    return frames;
  }

  private line(line: string, frames: Frame[]): void {
    if (line === "") {
      if (this.data.length > 0) frames.push({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
      this.event = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
  }
}

export type StreamState = "connecting" | "live" | "waiting";

export interface StreamOptions {
  path: string;
  lastId?: string | null;
  onFrame: (frame: Frame) => void;
  onState: (state: StreamState, error: ApiError | null) => void;
}

/** The server sends at least a comment every 15 s; three missing mean that the connection is dead. */
const SILENCE_MS = 45_000;
const LONGEST_WAIT_MS = 15_000;

/** How long to wait before attempt number `failures` + 1: doubling from half a second, with jitter so that tabs do not march in step. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_WAIT_MS, 500 * 2 ** Math.max(0, failures - 1)) * (0.75 + random() * 0.5);
}

/** Follows one stream until `stop`, reconnecting from the last event seen. */
export class Stream {
  private lastId: string | null;
  private stopped = false;
  private abort: AbortController | null = null;
  private wake: (() => void) | null = null;

  constructor(private readonly options: StreamOptions) {
    this.lastId = options.lastId ?? null;
  }

  stop(): void {
    this.stopped = true;
    this.abort?.abort();
    this.wake?.();
  }

  /** Try again now instead of when the wait is over. */
  hurry(): void {
    this.wake?.();
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.stopped) {
      let error: ApiError | null = null;
      try {
        this.options.onState("connecting", null);
        await this.follow(() => {
          failures = 0;
          this.options.onState("live", null);
        });
      } catch (cause) {
        error = cause instanceof ApiError ? cause : null;
      }
      if (this.stopped) return;
      failures += 1;
      this.options.onState("waiting", error);
      await this.pause(Math.max(backoffMs(failures), (error?.retryAfterS ?? 0) * 1000));
    }
  }

  private async follow(opened: () => void): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE_MS);
    };
    heard();
    try {
      const response = await api.open(this.options.path, {
        signal: abort.signal,
        headers: { Accept: "text/event-stream", ...(this.lastId ? { "Last-Event-ID": this.lastId } : {}) },
      });
      opened();
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new FrameParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        heard();
        for (const frame of parser.push(value)) {
          if (frame.id) this.lastId = frame.id;
          this.options.onFrame(frame);
        }
      }
    } finally {
      clearTimeout(silence);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
