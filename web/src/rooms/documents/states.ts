/** What a document's state is called, and what to do about a failure. */
import type { Document, Upload } from "@/api";
import { format, type Meaning } from "@/components";

export function meaningOf(document: Document): Meaning {
  if (document.status === "ready") return "good";
  if (document.status === "failed") return "problem";
  return "busy";
}

/** "Reading page 3 of 12": the server's own words where it has some. */
export function stateOf(document: Document): string {
  if (isUnderWay(document) && document.detail) return document.detail;
  switch (document.status) {
    case "uploaded":
      return "Waiting to be read";
    case "extracting":
      return "Reading";
    case "chunking":
      return "Cutting into passages";
    case "embedding":
      return "Making it searchable";
    case "ready":
      return "Ready";
    case "failed":
      return "Not readable";
  }
}

export function isUnderWay(document: Document): boolean {
  return document.status !== "ready" && document.status !== "failed";
}

/** "300 pages, 4.3 MB". */
export function sizeOf(document: Document): string {
  const size = format.bytes(document.sizeBytes);
  return document.pages ? `${format.count(document.pages, "page")}, ${size}` : size;
}

export interface Line {
  meaning: Meaning;
  words: string;
  /** From 0 to 1 while something runs, null when nobody knows how far. Undefined: nothing runs. */
  progress?: number | null;
}

/** One line about a file on its way: first its upload, then the reading of it. */
export function lineOf(upload: Upload): Line {
  const { document } = upload;
  switch (upload.state) {
    case "waiting":
      return { meaning: "idle", words: "Waits for its turn" };
    case "sending": {
      const share = upload.sizeBytes > 0 ? upload.sentBytes / upload.sizeBytes : 1;
      return share < 1
        ? { meaning: "busy", words: `Sending: ${format.bytes(upload.sentBytes)} of ${format.bytes(upload.sizeBytes)}`, progress: share }
        : { meaning: "busy", words: "Checking", progress: null };
    }
    case "cancelled":
      return { meaning: "idle", words: "Stopped; nothing was kept" };
    case "failed":
      return { meaning: "problem", words: upload.error?.message ?? "It could not be sent. Try again." };
    case "duplicate":
      if (document && document.filename !== upload.name) return { meaning: "info", words: `You have this file already, as “${document.filename}”` };
      return { meaning: "info", words: "You have this file already" };
    case "received":
      if (!document) return { meaning: "good", words: "Received" };
      if (document.status === "failed") return { meaning: "problem", words: document.error?.message ?? "It could not be read." };
      if (document.status === "ready") return { meaning: "good", words: `Ready, ${format.count(document.chunkCount, "passage")}` };
      return { meaning: "busy", words: stateOf(document), progress: document.status === "uploaded" ? null : document.progress };
  }
}

/** True while a file still needs patience or a decision: such lines come first. */
export function isOpen(upload: Upload): boolean {
  if (upload.state === "waiting" || upload.state === "sending") return true;
  return upload.state === "received" && upload.document !== null && isUnderWay(upload.document);
}

export function hasFailed(upload: Upload): boolean {
  return upload.state === "failed" || upload.document?.status === "failed";
}
