/** How answers are spoken of. */
import type { Citation, Message, Recalled } from "@/api";
import { format } from "@/components";
import { href } from "@/shell/address";

type Step = Message["steps"][number];

const ENDED = { streaming: "Under way", interrupted: "Cut off", cancelled: "Stopped", failed: "Failed" } as const;

/** "Read 3 passages and 1 memory, used 2 tools, 4.2 s": a turn in one line. */
export function folded(message: Pick<Message, "recalled" | "toolCalls" | "elapsedMs" | "answered" | "status">): string {
  const passages = message.recalled.filter((one) => one.kind === "document").length;
  const memories = message.recalled.length - passages;
  const read = [passages > 0 && format.count(passages, "passage"), memories > 0 && format.count(memories, "memory", "memories")].filter(Boolean).join(" and ");
  const verb = message.answered === "not_found" ? "Looked at" : "Read";
  const parts: (string | false)[] = [
    read
      ? `${verb} ${read}`
      : message.status !== "complete"
        ? ENDED[message.status]
        : message.answered === "not_found"
          ? "Found nothing to read"
          : "Looked nothing up",
    message.toolCalls.length > 0 && `used ${format.count(message.toolCalls.length, "tool")}`,
    message.elapsedMs !== null && format.duration(message.elapsedMs),
  ];
  return parts.filter(Boolean).join(", ");
}

/** What goes on right now, for the line under a question whose answer has not begun. */
export function going(steps: readonly Step[], hasText: boolean): string {
  if (hasText) return "Writing";
  const last = steps.at(-1);
  if (!last) return "Looking through your documents and memories";
  const next: Record<string, string> = { recall: "Reading what was found", load_model: "Thinking", read: "Thinking", tool: "Thinking", generate: "Finishing" };
  return next[last.kind] ?? "Thinking";
}

type Source = Pick<Citation | Recalled, "kind" | "documentId" | "memoryId" | "filename" | "page" | "start" | "end">;

/** Where a source is shown: the document at the passage, or the memory. */
export function sourceAddress(source: Source): string {
  if (source.kind === "memory") return `/memory/${encodeURIComponent(source.memoryId ?? "")}`;
  return href(`/documents/${encodeURIComponent(source.documentId ?? "")}`, { page: source.page, start: source.start, end: source.end });
}

/** "report.pdf, page 3" or "Memory". */
export function sourceName(source: Source): string {
  if (source.kind === "memory") return "Memory";
  return [source.filename ?? "Document", source.page ? `page ${source.page}` : null].filter(Boolean).join(", ");
}

/** Whether a recalled text was cited in the answer, and as which number. */
export function citedAs(recalled: Recalled, citations: readonly Citation[]): number | null {
  const found = citations.find(
    (one) =>
      one.kind === recalled.kind &&
      (one.kind === "memory"
        ? one.memoryId === recalled.memoryId
        : one.documentId === recalled.documentId && (one.start ?? 0) < (recalled.end ?? Infinity) && (one.end ?? Infinity) > (recalled.start ?? 0)),
  );
  return found?.number ?? null;
}

/** "Qwen2.5 0.5B, on this machine" or "gpt-5, sent to openai". */
export function modelWords(model: NonNullable<Message["model"]>): string {
  return model.isLocal ? `${model.name}, on this machine` : `${model.name}, sent to ${model.provider}`;
}

export function tokenWords(tokens: Message["tokens"]): string | null {
  if (!tokens || tokens.prompt + tokens.completion === 0) return null;
  return `${tokens.prompt.toLocaleString("en")} tokens read, ${tokens.completion.toLocaleString("en")} written`;
}

/** Markdown of a whole chat, for the person to keep. */
export function asMarkdown(title: string, messages: readonly Message[]): string {
  const said = messages
    .filter((one) => one.role === "user" || one.role === "assistant")
    .map((one) => {
      const sources = one.citations.map((citation) => `[${citation.number}] ${sourceName(citation)}: “${citation.quote.replace(/\s+/g, " ")}”`);
      return [`**${one.role === "user" ? "You" : "Agent"}** (${format.longTime(one.createdAt)})`, one.content, sources.join("\n")].filter(Boolean).join("\n\n");
    });
  return [`# ${title}`, ...said].join("\n\n") + "\n";
}
