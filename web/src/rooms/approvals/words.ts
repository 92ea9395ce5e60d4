/** How approvals are spoken of. */
import type { Approval, Risk } from "@/api";

const VERBS: Record<string, string> = { "memory.forget": "Forget a memory", "memory.delete": "Delete a memory", "documents.delete": "Delete a document" };

/** "memory.forget" -> "Forget a memory"; a tool nobody here knows keeps its name. */
export function titleOf(approval: Pick<Approval, "toolName" | "preview">): string {
  const told = approval.preview.title ?? approval.preview.summary;
  return VERBS[approval.toolName] ?? (typeof told === "string" && told ? told : approval.toolName);
}

/** What it is about, in a few words: the first text that the preview shows. */
export function gistOf(approval: Pick<Approval, "preview" | "toolName">): string {
  const find = (values: Record<string, unknown>): string | null => {
    for (const key of ["content", "text", "filename", "name", "title"]) {
      const value = values[key];
      if (typeof value === "string" && value) return value;
    }
    for (const value of Object.values(values)) {
      const found = value && typeof value === "object" && !Array.isArray(value) ? find(value as Record<string, unknown>) : null;
      if (found) return found;
    }
    return null;
  };
  return find(approval.preview) ?? approval.toolName;
}

export function outcome(approval: Pick<Approval, "status">): string {
  return {
    pending: "waiting",
    approved: "allowed",
    edited: "allowed with changes",
    rejected: "rejected",
    timed_out: "not answered in time",
    cancelled: "withdrawn",
  }[approval.status];
}

export function riskOf(risk: Risk): { word: string; meaning: "info" | "notice" | "problem" } {
  const words = {
    none: { word: "Harmless", meaning: "info" },
    low: { word: "Low risk", meaning: "info" },
    medium: { word: "Some risk", meaning: "notice" },
    high: { word: "High risk", meaning: "problem" },
    critical: { word: "Can’t be undone", meaning: "problem" },
  } as const;
  return words[risk];
}

/** "entryId" and "entry_id" -> "Entry id". */
export function nameOf(key: string): string {
  const words = key
    .replace(/_/g, " ")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
