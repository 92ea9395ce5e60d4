import { ArrowRight } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useExtract, useSummarize, type Citation, type Document, type DocumentText, type Extracting, type Extraction, type Summary } from "@/api";
import { Badge, Button, CopyButton, EmptyState, ErrorNote, Facts, format, InspectorSection, Markdown, Note, Segmented, TextField } from "@/components";
import { href, useParam } from "@/shell/address";
import { useKept } from "./DocumentList";
import styles from "./Panels.module.css";
import { stateOf } from "./states";
import { pageAt, Positions } from "./text";

/** The address of a place in a document; the open panel stays open. */
export function usePlace(): (documentId: string, place: { start?: number | null; end?: number | null; page?: number | null }) => string {
  const kept = useKept();
  const [inspect] = useParam("inspect");
  return (documentId, { start, end, page }) =>
    href(`/documents/${documentId}`, { ...kept, inspect, ...(typeof start === "number" && typeof end === "number" ? { start, end } : { page }) });
}

export function Outline({ document }: { document: DocumentText }) {
  const place = usePlace();
  const { headings, pageStarts, text } = document;
  const positions = useMemo(() => new Positions(text), [text]);
  if (headings.length === 0)
    return (
      <EmptyState small title="No headings">
        This text has none that could be recognised. Find in it, or go by page.
      </EmptyState>
    );
  const lowest = Math.min(...headings.map((heading) => heading.level));
  return (
    <nav aria-label="Headings">
      <ol className={styles.outline}>
        {headings.map((heading) => (
          <li key={`${heading.start}-${heading.level}`}>
            <Link
              href={place(document.id, { start: heading.start, end: positions.point(lineEnd(text, positions.unit(heading.start))) })}
              replace
              className={styles.heading}
              data-depth={Math.min(3, heading.level - lowest)}
            >
              <bdi>{heading.text}</bdi>
              <span className={styles.pageNumber}>{heading.page ?? pageAt(pageStarts, heading.start)}</span>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/** Where the line of a heading ends; a line without end counts as its first words. */
function lineEnd(text: string, unit: number): number {
  const end = text.indexOf("\n", unit);
  return Math.min(end < 0 ? text.length : end, unit + 160);
}

export function About({ document }: { document: Document }) {
  return (
    <>
      <InspectorSection title="File">
        <Facts
          facts={[
            ["Name", <bdi key="name">{document.filename}</bdi>],
            ["Kind", document.contentType],
            ["Size", format.bytes(document.sizeBytes)],
            document.pages ? ["Pages", document.pages.toLocaleString("en")] : null,
            ["Added", format.longTime(document.createdAt)],
            document.sessionId ? ["Came from", <Link key="chat" href={href(`/chat/${document.sessionId}`)}>A chat</Link>] : null,
            document.tags.length > 0
              ? [
                  "Tags",
                  <span key="tags" className={styles.tags}>
                    {document.tags.map((tag) => (
                      <Link key={tag} href={href(`/documents/${document.id}`, { tag, inspect: `about:${document.id}` })} className={styles.tag}>
                        <Badge>{tag}</Badge>
                      </Link>
                    ))}
                  </span>,
                ]
              : null,
          ]}
        />
      </InspectorSection>
      <InspectorSection title="Reading">
        <Facts
          facts={[
            ["State", stateOf(document)],
            document.status === "ready" && document.detail ? ["Left out", document.detail] : null,
            ["Text", format.count(document.characters, "character")],
            ["Passages", document.chunkCount.toLocaleString("en")],
            [
              "SHA-256",
              <span key="sha" className={styles.hash}>
                <code>{document.sha256}</code>
              </span>,
            ],
          ]}
        />
      </InspectorSection>
    </>
  );
}

const LENGTHS = [
  { id: "80", label: "Short" },
  { id: "250", label: "Longer" },
] as const;

export function SummaryPanel({ document }: { document: DocumentText }) {
  const summarize = useSummarize(document.id);
  const [words, setWords] = useState<(typeof LENGTHS)[number]["id"]>("80");
  const made = summarize.data;
  return (
    <div className={styles.stack}>
      <div className={styles.form}>
        <Segmented label="How long" hideLabel options={LENGTHS} value={words} onChange={setWords} />
        <Button tone={document.summary || made ? "plain" : "primary"} busy={summarize.isPending} onPress={() => summarize.mutate({ maxWords: Number(words) })}>
          {document.summary || made ? "Summarise again" : "Summarise"}
        </Button>
      </div>
      {summarize.isPending && <p className={styles.quiet}>Reading the document. With a small model this can take a minute.</p>}
      {summarize.error && <ErrorNote error={summarize.error} title="There is no summary" meaning="The document is unchanged." />}
      {made ? <Made made={made} document={document} /> : document.summary && <Markdown text={document.summary} />}
      {!made && !document.summary && !summarize.isPending && !summarize.error && (
        <p className={styles.quiet}>What the document says, in a few sentences, each with the place it comes from.</p>
      )}
    </div>
  );
}

function Made({ made, document }: { made: Summary; document: DocumentText }) {
  const place = usePlace();
  const byNumber = new Map(made.citations.map((citation) => [citation.number, citation]));
  return (
    <>
      <Method method={made.method} model={made.model} />
      <Markdown
        text={made.summary}
        reference={(number) => {
          const citation = byNumber.get(number);
          return citation && <Reference citation={citation} to={place(document.id, citation)} />;
        }}
      />
      {made.citations.length > 0 && <Sources citations={made.citations} documentId={document.id} />}
    </>
  );
}

function Reference({ citation, to }: { citation: Citation; to: string }) {
  return (
    <Link href={to} className={styles.reference} title={citation.quote} aria-label={`Source ${citation.number}: ${citation.quote}`}>
      {citation.number}
    </Link>
  );
}

/** How something came about: by a model that may err, or word for word from the text. */
export function Method({ method, model }: { method: "model" | "extractive"; model?: string | null }) {
  return (
    <p className={styles.method}>
      {method === "model" ? (
        <>Written by {model ? <bdi>{model}</bdi> : "the model"} from the passages below. Check what matters.</>
      ) : (
        "Sentences of the document itself, chosen and not rewritten."
      )}
    </p>
  );
}

function Sources({ citations, documentId }: { citations: readonly Citation[]; documentId: string }) {
  const place = usePlace();
  return (
    <InspectorSection title="Where it comes from">
      <ol className={styles.sources}>
        {citations.map((citation) => (
          <li key={citation.number}>
            <Link href={place(documentId, citation)} className={styles.source}>
              <span className={styles.sourceHead}>
                <span className={styles.reference}>{citation.number}</span>
                {citation.page ? `Page ${citation.page}` : "In the text"}
                <ArrowRight aria-hidden className={styles.arrow} />
              </span>
              <bdi className={styles.quote}>{citation.quote}</bdi>
            </Link>
          </li>
        ))}
      </ol>
    </InspectorSection>
  );
}

const WAYS = [
  { id: "fields", label: "Fields" },
  { id: "schema", label: "JSON Schema" },
] as const;

const EXAMPLE = `{
  "type": "object",
  "properties": {
    "title": { "type": "string" },
    "year": { "type": "integer" }
  }
}`;

export function ExtractingPanel({ document }: { document: DocumentText }) {
  const extract = useExtract(document.id);
  const [way, setWay] = useState<(typeof WAYS)[number]["id"]>("fields");
  const [fields, setFields] = useState("");
  const [schema, setSchema] = useState(EXAMPLE);
  const [problem, setProblem] = useState<string | null>(null);
  const run = () => {
    const wanted = toWanted(way, fields, schema);
    if (typeof wanted === "string") return setProblem(wanted);
    setProblem(null);
    extract.mutate(wanted);
  };
  return (
    <div className={styles.stack}>
      <Segmented label="What to extract" hideLabel options={WAYS} value={way} onChange={(next) => (setWay(next), setProblem(null))} />
      {way === "fields" ? (
        <TextField label="Fields" hint="One per line, as you would ask a person: invoice number, due date, total." lines={4} value={fields} onChange={setFields} error={problem} />
      ) : (
        <TextField label="JSON Schema" hint="The answer is checked against it." lines={9} mono spellCheck={false} value={schema} onChange={setSchema} error={problem} />
      )}
      <Button tone="primary" className={styles.run} busy={extract.isPending} onPress={run}>
        Extract
      </Button>
      {extract.isPending && <p className={styles.quiet}>Reading the document. With a small model this can take a minute.</p>}
      {extract.error && <ErrorNote error={extract.error} title="Nothing was extracted" meaning="The document is unchanged." />}
      {extract.data && !extract.isPending && <Extracted extraction={extract.data} documentId={document.id} />}
    </div>
  );
}

export function toWanted(way: "fields" | "schema", fields: string, schema: string): Extracting | string {
  if (way === "fields") {
    const names = [...new Set(fields.split(/[\n,;]/).map((name) => name.trim()).filter(Boolean))];
    return names.length > 0 ? { fields: names } : "Name at least one field.";
  }
  try {
    const parsed: unknown = JSON.parse(schema);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { schema: parsed as Record<string, unknown> };
    return "A schema is an object in braces.";
  } catch (error) {
    return `This is not JSON yet: ${(error as Error).message}.`;
  }
}

function Extracted({ extraction, documentId }: { extraction: Extraction; documentId: string }) {
  const place = usePlace();
  const names = Object.keys(extraction.data);
  const sure = extraction.confidence;
  const own = (name: string) => extraction.citations.find((citation) => citation.field === name);
  const loose = extraction.citations.filter((citation) => !citation.field);
  return (
    <InspectorSection title="Found" aside={<CopyButton text={JSON.stringify(extraction.data, null, 2)} label="Copy as JSON" />}>
      <dl className={styles.found}>
        {names.map((name) => {
          const value = extraction.data[name];
          const citation = own(name);
          const share = extraction.fieldConfidence?.[name];
          const isMissing = value === null || value === undefined || value === "";
          return (
            <div key={name} className={styles.field}>
              <dt>
                <bdi>{name}</bdi>
              </dt>
              <dd>{isMissing ? <span className={styles.missing}>Not in this document</span> : <bdi>{wordsOf(value)}</bdi>}</dd>
              {!isMissing && (
                <dd className={styles.how}>
                  {extraction.method[name] === "model" ? "by the model" : "word for word"}
                  {typeof share === "number" && `, ${format.percent(share)} sure`}
                  {citation && (
                    <>
                      {" · "}
                      <Link href={place(documentId, citation)}>{citation.page ? `page ${citation.page}` : "show the place"}</Link>
                    </>
                  )}
                </dd>
              )}
            </div>
          );
        })}
      </dl>
      {sure !== null && <p className={styles.quiet}>{format.percent(sure)} sure in all. Check what matters at its place.</p>}
      {sure !== null && sure < 0.4 && <Note meaning="notice">Much of this is a guess. A larger model reads better.</Note>}
      {loose.length > 0 && <Sources citations={loose} documentId={documentId} />}
    </InspectorSection>
  );
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(wordsOf).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
