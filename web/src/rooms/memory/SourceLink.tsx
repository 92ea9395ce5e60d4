import { Link } from "wouter";
import type { Entry } from "@/api";
import { href } from "@/shell/address";

/** Where a memory comes from, as a link when there is a place to go. */
export function SourceLink({ entry }: { entry: Entry }) {
  const { source } = entry;
  if (!source) return <>Not recorded</>;
  if (source.kind === "document")
    return source.documentId ? <Link href={href(`/documents/${source.documentId}`)}>A document</Link> : <>A document that is gone</>;
  if (source.kind === "turn") return source.sessionId ? <Link href={href(`/chat/${source.sessionId}`, { message: source.messageId })}>Something said in a chat</Link> : <>A chat that is gone</>;
  return <>{source.kind === "person" ? "Written by you" : "Brought in from elsewhere"}</>;
}
