import { FileText, Plus, TextSearch, X } from "lucide-react";
import { useCallback } from "react";
import { Link } from "wouter";
import { useDocuments, type Document } from "@/api";
import { Badge, Button, EmptyState, ErrorNote, format, IconButton, List, ListPane, NARROW, ProgressBar, SearchField, Select, Skeleton, Status, useHidden, useMedia } from "@/components";
import { href, useGo, useParam } from "@/shell/address";
import styles from "./DocumentList.module.css";
import { isUnderWay, meaningOf, sizeOf, stateOf } from "./states";
import { UploadPanel } from "./UploadPanel";

const ROW = 58;

const STATES = [
  { id: "all", label: "All documents" },
  { id: "ready", label: "Ready" },
  { id: "failed", label: "Not readable" },
] as const;

/** What a row's link keeps of the address: the filters, so that the list stays as it is. */
export function useKept(): { q: string | null; status: string | null; tag: string | null } {
  const [q] = useParam("q");
  const [status] = useParam("status");
  const [tag] = useParam("tag");
  return { q, status, tag };
}

export function DocumentList({ selectedId, onAdd }: { selectedId: string | null; onAdd: () => void }) {
  const go = useGo();
  const isNarrow = useMedia(NARROW);
  const [q, setQ] = useParam("q");
  const [status, setStatus] = useParam("status");
  const [tag, setTag] = useParam("tag");
  const kept = useKept();
  const filter = { q: q ?? undefined, status: status ?? undefined, tag: tag ?? undefined };
  const { items, total, hasNextPage, fetchNextPage, isFetchingNextPage, isPending, error, refetch } = useDocuments(filter);
  const hidden = useHidden();
  const shown = hidden.size > 0 ? items.filter((one) => !hidden.has(one.id)) : items;
  const isFiltered = Boolean(q || status || tag);
  const more = useCallback(() => void (!isFetchingNextPage && fetchNextPage()), [fetchNextPage, isFetchingNextPage]);
  const searchInside = () => q && go(href("/documents/search", { words: q, ...kept }));

  return (
    <ListPane
      title="Documents"
      aside={total !== null && total > 0 && <span className={styles.total}>{total.toLocaleString("en")}</span>}
      actions={<IconButton label="Add documents" icon={<Plus aria-hidden />} onPress={onAdd} />}
      tools={
        <>
          <SearchField
            label="Search documents"
            placeholder="Search names"
            value={q ?? ""}
            onChange={(value) => setQ(value || null, { replace: true })}
            onKeyDown={(event) => event.key === "Enter" && searchInside()}
          />
          {q && (
            <Link href={href("/documents/search", { words: q, ...kept })} className={styles.inside}>
              <TextSearch aria-hidden />
              <span className="ellipsis">
                Search the texts for “<bdi>{q}</bdi>”
              </span>
              <kbd className={styles.enter}>↵</kbd>
            </Link>
          )}
          <div className={styles.filters}>
            <Select
              label="Show"
              hideLabel
              small
              options={STATES}
              value={(status as (typeof STATES)[number]["id"]) ?? "all"}
              onChange={(value) => setStatus(value === "all" ? null : value)}
            />
            {tag && (
              <Button small tone="quiet" icon={<X aria-hidden />} onPress={() => setTag(null)} aria-label={`Stop showing only the tag ${tag}`}>
                {tag}
              </Button>
            )}
          </div>
        </>
      }
    >
      {error && items.length === 0 ? (
        <div className={styles.note}>
          <ErrorNote error={error} title="Your documents could not be read" meaning="They are safe; only this list is missing." retry={() => void refetch()} />
        </div>
      ) : isPending ? (
        <Skeleton rows={8} rowHeight={ROW} label="Reading your documents" className={styles.waiting} />
      ) : shown.length === 0 ? (
        isFiltered ? (
          <EmptyState small title="No document matches" action={<Button onPress={() => go("/documents")}>Show all</Button>}>
            {q ? "Names are searched here; what the documents say is searched by the line above." : "None is in this state."}
          </EmptyState>
        ) : (
          <EmptyState
            small
            icon={isNarrow && <FileText aria-hidden />}
            title="No documents yet"
            action={
              isNarrow && (
                <Button tone="primary" onPress={onAdd}>
                  Add documents
                </Button>
              )
            }
          >
            PDF, Word, Excel, PowerPoint, web pages, e-mails, books, pictures and plain text.
          </EmptyState>
        )
      ) : (
        <List
          label="Documents"
          items={shown}
          getKey={(document) => document.id}
          href={(document) => href(`/documents/${document.id}`, kept)}
          selectedKey={selectedId}
          rowHeight={ROW}
          total={total}
          hasMore={hasNextPage}
          onMore={more}
        >
          {(document) => <Row document={document} />}
        </List>
      )}
      <UploadPanel />
    </ListPane>
  );
}

function Row({ document }: { document: Document }) {
  return (
    <>
      <bdi className={`${styles.name} ellipsis`}>{document.filename}</bdi>
      {document.status === "ready" ? (
        <span className={styles.meta}>
          <span className="figures">{sizeOf(document)}</span>
          {document.tags[0] && <Badge>{document.tags[0]}</Badge>}
          <span className={styles.when}>{format.shortTime(document.createdAt)}</span>
        </span>
      ) : isUnderWay(document) ? (
        <span className={styles.progress}>
          <Status meaning="busy" className={styles.state}>{stateOf(document)}</Status>
          <ProgressBar label={`Progress of ${document.filename}`} hideLabel value={document.status === "uploaded" ? null : document.progress} />
        </span>
      ) : (
        <span className={styles.meta}>
          <Status meaning={meaningOf(document)} className={styles.state}>
            {document.error?.message ?? stateOf(document)}
          </Status>
        </span>
      )}
    </>
  );
}
