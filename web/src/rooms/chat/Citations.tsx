import { Brain, FileText } from "lucide-react";
import { Link, Tooltip, TooltipTrigger } from "react-aria-components";
import type { Citation } from "@/api";
import styles from "./Citations.module.css";
import { sourceAddress, sourceName } from "./words";

/** A small number in the sentence: hover or focus shows the quote, a press opens the place it comes from. */
export function CitationChip({ citation }: { citation: Citation }) {
  return (
    <Quoted citation={citation}>
      <Link href={sourceAddress(citation)} className={styles.chip} aria-label={`Source ${citation.number}: ${sourceName(citation)}`}>
        {citation.number}
      </Link>
    </Quoted>
  );
}

/** A chip whose source is not known yet. */
export function CitationPlace({ number }: { number: number }) {
  return <span className={`${styles.chip} ${styles.place}`}>{number}</span>;
}

/** The sources of an answer in one line under it. */
export function Sources({ citations }: { citations: readonly Citation[] }) {
  if (citations.length === 0) return null;
  return (
    <ul className={styles.sources} aria-label="Sources">
      {citations.map((citation) => (
        <li key={citation.number}>
          <Quoted citation={citation}>
            <Link href={sourceAddress(citation)} className={styles.source}>
              <span className={styles.number}>{citation.number}</span>
              {citation.kind === "memory" ? <Brain aria-hidden /> : <FileText aria-hidden />}
              <span className="ellipsis">{citation.kind === "memory" ? citation.quote : (citation.filename ?? "Document")}</span>
              {citation.page && <span className={styles.page}>p. {citation.page}</span>}
            </Link>
          </Quoted>
        </li>
      ))}
    </ul>
  );
}

function Quoted({ citation, children }: { citation: Citation; children: React.ReactNode }) {
  return (
    <TooltipTrigger delay={250} closeDelay={80}>
      {children}
      <Tooltip className={styles.quote} placement="top" offset={6}>
        <span className={styles.quoteText} dir="auto">
          “{clipped(citation.quote)}”
        </span>
        <span className={styles.quoteSource}>
          {citation.kind === "memory" ? <Brain aria-hidden /> : <FileText aria-hidden />}
          {sourceName(citation)}
        </span>
      </Tooltip>
    </TooltipTrigger>
  );
}

function clipped(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > 320 ? `${flat.slice(0, 320).replace(/\s\S*$/, "")}…` : flat;
}
