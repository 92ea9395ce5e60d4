import { Link } from "wouter";
import type { EntryHit } from "@/api";
import { EmptyState, format, InspectorSection } from "@/components";
import { Scores } from "@/components/Scores";
import { useFound } from "./MemoryList";
import { SourceLink } from "./SourceLink";
import styles from "./Why.module.css";

/** Why a memory was found by the search in the address. */
export function WhyEntry({ id }: { id: string }) {
  const { data, words } = useFound();
  const hit = data?.items.find((one) => one.id === id);
  if (!hit)
    return (
      <EmptyState small title="Not among the results">
        The search has changed since.
      </EmptyState>
    );
  return <Why hit={hit} words={words ?? ""} />;
}

function Why({ hit, words }: { hit: EntryHit; words: string }) {
  const { explain } = hit;
  return (
    <>
      <InspectorSection title={`Found for “${words}”`}>
        <Link href={`/memory/${hit.id}`} className={styles.entry}>
          <span dir="auto">{hit.content}</span>
        </Link>
      </InspectorSection>
      {explain && explain.why.length > 0 && (
        <InspectorSection title="In short">
          <ul className={styles.reasons}>
            {explain.why.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </InspectorSection>
      )}
      <InspectorSection title="Scores, from 0 to 1">
        <Scores
          scores={[
            { name: "Together", value: hit.score, about: "what the order goes by" },
            { name: "Words", value: explain?.textScore ?? null, about: "the words you gave, weighed by how rare they are" },
            { name: "Meaning", value: explain?.vectorScore ?? null, about: "how near it is to what you asked" },
            { name: "Recency", value: explain?.recency ?? null, about: `last used ${hit.lastUsedAt ? format.ago(hit.lastUsedAt) : "never"}, written ${format.ago(hit.createdAt)}` },
            { name: "Importance", value: explain?.importance ?? hit.importance, about: "set by you or by the agent" },
            { name: "People and things", value: explain?.entityMatch ?? null, about: "who and what you named that it is about" },
          ]}
        />
      </InspectorSection>
      {explain && explain.matchedTerms.length > 0 && (
        <InspectorSection title="Words that matched">
          <p className={styles.terms}>
            {explain.matchedTerms.map((term) => (
              <mark key={term}>{term}</mark>
            ))}
          </p>
        </InspectorSection>
      )}
      <InspectorSection title="Where it comes from">
        <SourceLink entry={hit} />
      </InspectorSection>
    </>
  );
}
