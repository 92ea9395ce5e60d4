import { useMemo } from "react";

/** Text in which the words that a search matched are marked, inflected ones too: "valve" marks "valves". */
export function Terms({ text, terms }: { text: string; terms: readonly string[] }) {
  const pieces = useMemo(() => splitAtTerms(text, terms), [text, terms]);
  return <>{pieces.map((piece, at) => (at % 2 === 1 ? <mark key={at}>{piece}</mark> : piece))}</>;
}

/** Every second piece is a match. */
export function splitAtTerms(text: string, terms: readonly string[]): string[] {
  const wanted = terms.filter((term) => term.trim() !== "").map((term) => term.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  if (wanted.length === 0) return [text];
  return text.split(new RegExp(`((?<![\\p{L}\\p{N}])(?:${wanted.join("|")})\\p{L}{0,4}(?![\\p{L}\\p{N}]))`, "giu"));
}
