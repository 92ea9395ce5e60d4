/** What is told about a model: its state, its fit, its facts. */
import type { Model, Models } from "@/api";
import { format, type Meaning } from "@/components";

export function fit(model: Model): { meaning: Meaning; words: string } {
  switch (model.fitsMemory) {
    case "yes":
      return { meaning: "good", words: "Fits this machine" };
    case "tight":
      return { meaning: "notice", words: "Tight on this machine" };
    case "no":
      return { meaning: "problem", words: "Too large for this machine" };
  }
}

export function isFetching(model: Model): boolean {
  return model.status === "queued" || model.status === "downloading" || model.status === "verifying";
}

/** "0.5B parameters, 491 MB, Apache-2.0, reads 32,768 tokens". */
export function facts(model: Model): string {
  return [
    model.parameters && `${model.parameters} parameters`,
    model.sizeBytes !== null && model.sizeBytes > 0 && format.bytes(model.sizeBytes),
    model.licence,
    model.contextTokens && `reads ${model.contextTokens.toLocaleString("en")} tokens`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** From 0 to 1; null while nobody knows. */
export function share(model: Model): number | null {
  if (model.status !== "downloading" || model.totalBytes <= 0) return null;
  return model.doneBytes / model.totalBytes;
}

export function stateOf(model: Model): string {
  switch (model.status) {
    case "queued":
      return model.error ?? "Waits for its turn";
    case "downloading":
      return model.totalBytes > 0 ? `${format.bytes(model.doneBytes)} of ${format.bytes(model.totalBytes)}` : "Begins";
    case "verifying":
      return "Checking every byte";
    default:
      return "";
  }
}

export interface Groups {
  chat: Model | null;
  embedding: Model | null;
  /** The one to suggest; null when it is in use already. */
  recommended: Model | null;
  here: Model[];
  providers: Model[];
  catalogue: Model[];
}

/** The models by where they are: in use, on this machine, with a provider, to be had. */
export function group({ items, chat, embedding }: Models): Groups {
  const find = (id: string | null) => items.find((model) => model.id === id) ?? null;
  const inUse = find(chat.modelId);
  const recommended = items.find((model) => model.recommended && model.kind === "chat" && model.id !== inUse?.id) ?? null;
  return {
    chat: inUse,
    embedding: find(embedding.modelId),
    recommended,
    here: items.filter((model) => model.source !== "provider" && model.status === "installed"),
    providers: items.filter((model) => model.source === "provider"),
    catalogue: items.filter((model) => model.source !== "provider" && model.status !== "installed" && model !== recommended),
  };
}
