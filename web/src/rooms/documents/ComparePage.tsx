import { Columns2, X } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useComparison, useDocument, useDocuments, type ComparedPassage, type Comparison } from "@/api";
import { Badge, Button, EmptyState, ErrorNote, IconButton, ProgressBar, Scroll, SearchField, TextField, WorkPane } from "@/components";
import { href, useParam, useSetParams } from "@/shell/address";
import styles from "./ComparePage.module.css";
import { useKept } from "./DocumentList";
import { Method } from "./Panels";

const MOST = 5;

/** Two or more documents side by side. All of it is in the address, so that Back from a passage finds it as it was. */
export function ComparePage() {
  const kept = useKept();
  const setParams = useSetParams();
  const [given] = useParam("ids");
  const [question] = useParam("question");
  const [go] = useParam("go");
  const ids = useMemo(() => [...new Set((given ?? "").split(",").filter(Boolean))], [given]);
  const [asked, setAsked] = useState(question ?? "");
  const comparison = useComparison(go && ids.length >= 2 ? ids : [], question ?? "");
  const change = (next: string[]) => setParams({ ids: next.join(","), go: null }, { replace: true });

  return (
    <WorkPane title={<h1>Compare documents</h1>} back={href("/documents", kept)}>
      <Scroll wide>
        <div className={styles.page}>
          <section className={styles.form} aria-label="What to compare">
            <ul className={styles.chosen}>
              {ids.map((id) => (
                <Chosen key={id} id={id} onRemove={() => change(ids.filter((one) => one !== id))} />
              ))}
            </ul>
            {ids.length < MOST && <Picker taken={ids} onPick={(id) => change([...ids, id])} />}
            <TextField
              label="What matters to you"
              hint="Left empty, everything is compared."
              placeholder="How often must the boiler be inspected?"
              value={asked}
              onChange={setAsked}
              onKeyDown={(event) => event.key === "Enter" && ids.length >= 2 && setParams({ question: asked.trim() || null, go: true })}
            />
            <Button tone="primary" className={styles.run} isDisabled={ids.length < 2} busy={comparison.isFetching} onPress={() => setParams({ question: asked.trim() || null, go: true })}>
              {ids.length < 2 ? "Choose two documents" : "Compare"}
            </Button>
          </section>
          {comparison.isFetching ? (
            <ProgressBar label="Reading all of them. With a small model this can take a minute." value={null} />
          ) : comparison.error ? (
            <ErrorNote error={comparison.error} title="They could not be compared" meaning="The documents are unchanged." retry={() => void comparison.refetch()} />
          ) : comparison.data ? (
            <Compared comparison={comparison.data} />
          ) : (
            <EmptyState icon={<Columns2 aria-hidden />} title="What is the same, what is not">
              Passages that agree stand beside one another; what only one of them has, or says differently, is listed with its page.
            </EmptyState>
          )}
        </div>
      </Scroll>
    </WorkPane>
  );
}

function Chosen({ id, onRemove }: { id: string; onRemove: () => void }) {
  const { data, error } = useDocument(id);
  return (
    <li className={styles.document}>
      <bdi className="ellipsis">{data?.filename ?? (error ? "This document is gone" : "…")}</bdi>
      <IconButton small label={`Leave out ${data?.filename ?? id}`} icon={<X aria-hidden />} onPress={onRemove} />
    </li>
  );
}

function Picker({ taken, onPick }: { taken: readonly string[]; onPick: (id: string) => void }) {
  const [q, setQ] = useState("");
  const { items, isPending } = useDocuments({ q: q || undefined, status: "ready" });
  const offered = items.filter((document) => !taken.includes(document.id)).slice(0, 8);
  return (
    <div className={styles.picker}>
      <SearchField label="Add a document" placeholder="Add a document: search names" value={q} onChange={setQ} />
      {offered.length > 0 ? (
        <ul className={styles.offers} aria-label="Documents to add">
          {offered.map((document) => (
            <li key={document.id}>
              <Button
                tone="quiet"
                className={styles.offer}
                onPress={() => {
                  setQ("");
                  onPick(document.id);
                }}
              >
                <bdi>{document.filename}</bdi>
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        !isPending && <p className={styles.quiet}>{q ? "No name matches." : "No other document is ready."}</p>
      )}
    </div>
  );
}

const KINDS = {
  added: { label: "Only in a later one", meaning: "good" },
  removed: { label: "Only in the first", meaning: "notice" },
  changed: { label: "Different", meaning: "info" },
} as const;

function Compared({ comparison }: { comparison: Comparison }) {
  const { similarities, differences, perDocument } = comparison;
  const names = new Map(perDocument.map((document) => [document.documentId, document.filename]));
  const order = perDocument.map((document) => document.documentId);
  return (
    <div className={styles.results} role="status">
      <section>
        <h2 className={styles.title}>In short</h2>
        {comparison.summaryMethod === "model" ? <Method method="model" model={comparison.model} /> : <p className={styles.quiet}>Counted and quoted; nothing is rewritten.</p>}
        <p className={styles.summary} dir="auto">
          {comparison.summary}
        </p>
      </section>
      <section>
        <h2 className={styles.title}>Different</h2>
        {differences.length === 0 ? (
          <p className={styles.quiet}>No difference was found in what they say.</p>
        ) : (
          <ul className={styles.points}>
            {differences.map((difference, at) => (
              <li key={at} className={styles.point}>
                <p className={styles.head}>
                  <Badge meaning={KINDS[difference.kind].meaning}>{KINDS[difference.kind].label}</Badge>
                  {!isQuoted(difference.text, difference.passages) && <bdi>{difference.text}</bdi>}
                </p>
                <Sides passages={difference.passages} names={names} order={order} />
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h2 className={styles.title}>The same</h2>
        {similarities.length === 0 ? (
          <p className={styles.quiet}>They have nothing in common that could be found.</p>
        ) : (
          <ul className={styles.points}>
            {similarities.map((similarity, at) => (
              <li key={at} className={styles.point}>
                <p className={styles.head}>
                  {isQuoted(similarity.text, similarity.passages) ? "They agree" : <bdi>{similarity.text}</bdi>}
                  <span className={styles.likeness} title="How alike the passages are, from 0 to 1">
                    {similarity.score.toFixed(2)} alike
                  </span>
                </p>
                <Sides passages={similarity.passages} names={names} order={order} />
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h2 className={styles.title}>Each for itself</h2>
        <ul className={styles.sides}>
          {perDocument.map((document) => (
            <li key={document.documentId} className={styles.side}>
              <Link href={`/documents/${document.documentId}`} className={styles.name}>
                <bdi>{document.filename}</bdi>
              </Link>
              <p dir="auto">{document.summary}</p>
              {document.uniqueTerms.length > 0 && (
                <p className={styles.terms}>
                  <span className={styles.quiet}>Words of its own:</span>
                  {document.uniqueTerms.map((term) => (
                    <Badge key={term}>{term}</Badge>
                  ))}
                </p>
              )}
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

/** Whether a point is but the beginning of a passage under it: then it need not be said twice. */
function isQuoted(text: string, passages: readonly ComparedPassage[]): boolean {
  const plain = (words: string) => words.replace(/[\s.…]+/g, " ").trim();
  const point = plain(text);
  return passages.some((passage) => plain(passage.text).startsWith(point.slice(0, 80)));
}

/** The passages behind a point, each document in its own column, in the order they were chosen. */
function Sides({ passages, names, order }: { passages: readonly ComparedPassage[]; names: ReadonlyMap<string, string>; order: readonly string[] }) {
  const sorted = [...passages].sort((a, b) => order.indexOf(a.documentId) - order.indexOf(b.documentId));
  return (
    <ul className={styles.sides}>
      {sorted.map((passage) => (
        <li key={`${passage.documentId}-${passage.start}`} className={styles.side}>
          <Link href={href(`/documents/${passage.documentId}`, { start: passage.start, end: passage.end })} className={styles.name}>
            <bdi className="ellipsis">{names.get(passage.documentId) ?? "Document"}</bdi>
            {passage.page !== null && <span className={styles.at}>page {passage.page}</span>}
          </Link>
          <p dir="auto" className={styles.quote}>
            {passage.text}
          </p>
        </li>
      ))}
    </ul>
  );
}
