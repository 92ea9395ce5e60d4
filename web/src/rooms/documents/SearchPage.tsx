import { TextSearch } from "lucide-react";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { usePassages, type Passage } from "@/api";
import { Button, EmptyState, ErrorNote, InspectorSection, Note, Scroll, SearchField, Skeleton, WorkPane } from "@/components";
import { Scores } from "@/components/Scores";
import { Terms } from "@/components/Terms";
import { href, useInspect, useParam } from "@/shell/address";
import { useKept } from "./DocumentList";
import styles from "./SearchPage.module.css";

/** The words that are searched for: typed ones come into the address after a short rest. */
export function useWords(): [typed: string, setTyped: (words: string) => void, words: string] {
  const [words, setWords] = useParam("words");
  const [typed, setTyped] = useState(words ?? "");
  const [before, setBefore] = useState(words);
  // The address changed from elsewhere: Back, a link.
  if (words !== before) {
    setBefore(words);
    if ((words ?? "") !== typed.trim()) setTyped(words ?? "");
  }
  useEffect(() => {
    if (typed.trim() === (words ?? "")) return;
    const timer = setTimeout(() => setWords(typed.trim() || null, { replace: true }), 250);
    return () => clearTimeout(timer);
  }, [typed, words, setWords]);
  return [typed, setTyped, words ?? ""];
}

export function SearchPage() {
  const kept = useKept();
  const [typed, setTyped, words] = useWords();
  const { data, error, isFetching, refetch } = usePassages({ q: words });
  const inspect = useInspect();
  const results = words ? data : undefined;
  return (
    <WorkPane
      title={<h1>Search the texts</h1>}
      back={href("/documents", kept)}
      tools={<SearchField label="Search what your documents say" value={typed} onChange={setTyped} autoFocus className={styles.field} />}
    >
      <Scroll>
        {!words ? (
          <EmptyState icon={<TextSearch aria-hidden />} title="Search by words and by meaning">
            Ask in your own words: passages that say the same differently are found too, with their page.
          </EmptyState>
        ) : error && !results ? (
          <ErrorNote error={error} title="The search did not work" meaning="Your documents are untouched." retry={() => void refetch()} />
        ) : !results ? (
          <Skeleton rows={4} rowHeight={110} label="Searching" />
        ) : (
          <div aria-busy={isFetching} className={styles.results}>
            {results.mode === "keyword" && (
              <Note meaning="info" title="Found by words only">
                Search by meaning begins when the embedding model is here and has read your documents. <Link href="/models">See the models</Link>
              </Note>
            )}
            <p className={styles.told} role="status">
              {results.items.length === 0
                ? "Not in your documents. Try other words, or fewer."
                : `${results.items.length} ${results.items.length === 1 ? "passage" : "passages"}, the best first`}
            </p>
            <ol className={styles.list}>
              {results.items.map((passage) => (
                <Hit key={passage.chunkId} passage={passage} isOpen={inspect.kind === "why" && inspect.id === passage.chunkId} onWhy={() => inspect.open("why", passage.chunkId)} />
              ))}
            </ol>
          </div>
        )}
      </Scroll>
    </WorkPane>
  );
}

function usePassagePlace(passage: Passage): string {
  const kept = useKept();
  return href(`/documents/${passage.documentId}`, { ...kept, start: passage.start, end: passage.end });
}

function Hit({ passage, isOpen, onWhy }: { passage: Passage; isOpen: boolean; onWhy: () => void }) {
  const place = usePassagePlace(passage);
  return (
    <li className={styles.hit} data-open={isOpen || undefined}>
      <Link href={place} className={styles.link}>
        <span className={styles.where}>
          <bdi className="ellipsis">{passage.filename}</bdi>
          {passage.page !== null && <span className={styles.page}>page {passage.page}</span>}
        </span>
        {passage.heading && <bdi className={`${styles.heading} ellipsis`}>{passage.heading}</bdi>}
        <span className={styles.text} dir="auto">
          <Terms text={passage.text} terms={passage.explain?.matchedTerms ?? []} />
        </span>
      </Link>
      <div className={styles.why}>
        <Button small tone="quiet" aria-expanded={isOpen} onPress={onWhy}>
          Why this one
        </Button>
      </div>
    </li>
  );
}

/** Why a passage was found. */
export function WhyPassage({ chunkId }: { chunkId: string }) {
  const [words] = useParam("words");
  const { data } = usePassages({ q: words ?? "" });
  const passage = data?.items.find((one) => one.chunkId === chunkId);
  if (!passage)
    return (
      <EmptyState small title="No longer among the results">
        The search has changed since.
      </EmptyState>
    );
  return <Why passage={passage} />;
}

function Why({ passage }: { passage: Passage }) {
  const place = usePassagePlace(passage);
  const { explain } = passage;
  return (
    <>
      <InspectorSection title="In short">
        <ul className={styles.reasons}>{explain?.why.map((reason) => <li key={reason}>{reason}</li>)}</ul>
      </InspectorSection>
      <InspectorSection title="Scores, from 0 to 1">
        <Scores
          scores={[
            { name: "Together", value: passage.score, about: "what the order goes by" },
            { name: "Words", value: explain?.textScore ?? null, about: "the words you gave, weighed by how rare they are" },
            { name: "Meaning", value: explain?.vectorScore ?? null, about: "how near the passage is to what you asked" },
            ...(explain?.coverage === undefined ? [] : [{ name: "Coverage", value: explain.coverage, about: "how much of what you asked its words have" }]),
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
      <InspectorSection title="Where it stands">
        <Link href={place}>
          <bdi>{passage.filename}</bdi>
          {passage.page !== null && `, page ${passage.page}`}
        </Link>
      </InspectorSection>
    </>
  );
}
