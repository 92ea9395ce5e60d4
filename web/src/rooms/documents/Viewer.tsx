import { ArrowDown, ArrowUp, Columns2, Download, Ellipsis, ExternalLink, FileX2, Info, ListTree, RefreshCw, Search, Table2, TextQuote, Trash2, X } from "lucide-react";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { originalAddress, useDeleteDocument, useDocument, useReprocessDocument, type DocumentText } from "@/api";
import {
  Button,
  Confirm,
  EmptyState,
  ErrorNote,
  format,
  IconButton,
  isKeys,
  LinkButton,
  Menu,
  NARROW,
  Note,
  ProgressBar,
  SearchField,
  Skeleton,
  toastError,
  useMedia,
  WorkPane,
} from "@/components";
import { href, useGo, useInspect, useParam, useSetParams } from "@/shell/address";
import { useKept } from "./DocumentList";
import { isUnderWay, sizeOf, stateOf } from "./states";
import { cut, find, flow, MOST_FOUND, pageAt, Positions, type Block, type Range } from "./text";
import { TextView, type TextViewHandle } from "./TextView";
import styles from "./Viewer.module.css";

/** Where each text was left, for as long as the page lives. */
const leftAt = new Map<string, number>();

export function Viewer({ id }: { id: string }) {
  const query = useDocument(id);
  const back = href("/documents", useKept());
  const document = query.data;
  if (query.error && !document) {
    const isGone = query.error.code === "not_found";
    return (
      <WorkPane title={<h1>Document</h1>} back={back}>
        <div className={styles.note}>
          {isGone ? (
            <EmptyState icon={<FileX2 aria-hidden />} title="This document is gone" action={<LinkButton href={back}>Back to your documents</LinkButton>}>
              It was deleted, or the address is wrong. Chats that quoted it keep their quotes.
            </EmptyState>
          ) : (
            <ErrorNote error={query.error} title="The document could not be opened" meaning="It is safe on your disk." retry={() => void query.refetch()} />
          )}
        </div>
      </WorkPane>
    );
  }
  if (!document)
    return (
      <WorkPane title="" back={back}>
        <Skeleton rows={10} rowHeight={40} label="Opening the document" className={styles.waiting} />
      </WorkPane>
    );
  return <Opened key={document.id} document={document} back={back} />;
}

function Opened({ document, back }: { document: DocumentText; back: string }) {
  const isNarrow = useMedia(NARROW);
  const inspect = useInspect();
  const setParams = useSetParams();
  const [words] = useParam("find");
  const [isFinding, setFinding] = useState(false);
  const toggle = (kind: string) => (inspect.kind === kind ? inspect.close() : inspect.open(kind, document.id));
  const isReady = document.status === "ready";
  const showsFind = isReady && (isFinding || words !== null);
  const closeFind = () => {
    setFinding(false);
    setParams({ find: null }, { replace: true });
  };

  // The browser's own search can't see what is not drawn: its keys open ours, and pressed again, the browser's.
  useEffect(() => {
    if (!isReady) return;
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (!isKeys(event, "mod+f") || (window.document.activeElement as HTMLElement | null)?.closest("[data-find]")) return;
      event.preventDefault();
      setFinding(true);
      requestAnimationFrame(() => window.document.querySelector<HTMLInputElement>("[data-find] input")?.select());
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [isReady]);

  const { menu, dialogs } = useActions(document, back, isNarrow ? toggle : undefined);
  const panels = [
    ["outline", "Outline", ListTree],
    ["summary", "Summary", TextQuote],
    ["extract", "Extract", Table2],
  ] as const;
  return (
    <WorkPane
      back={back}
      title={
        <h1 className={styles.title} title={document.filename}>
          <bdi>{document.filename}</bdi>
        </h1>
      }
      actions={
        <>
          {isReady && (
            <IconButton label="Find in this document" keys="mod+f" icon={<Search aria-hidden />} pressed={showsFind} onPress={() => (showsFind ? closeFind() : setFinding(true))} />
          )}
          {isReady &&
            !isNarrow &&
            panels.map(([kind, label, Icon]) => (
              <IconButton key={kind} label={label} icon={<Icon aria-hidden />} pressed={inspect.kind === kind} onPress={() => toggle(kind)} />
            ))}
          {!isNarrow && <IconButton label="About this document" icon={<Info aria-hidden />} pressed={inspect.kind === "about"} onPress={() => toggle("about")} />}
          {menu}
        </>
      }
    >
      {dialogs}
      {isReady ? <Text document={document} showsFind={showsFind} closeFind={closeFind} /> : <NotReady document={document} />}
    </WorkPane>
  );
}

/** Has the browser save what an address holds. */
function save(address: string, name: string): void {
  const link = window.document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

function useActions(document: DocumentText, back: string, open?: (panel: string) => void) {
  const go = useGo();
  const remove = useDeleteDocument();
  const again = useReprocessDocument();
  const [isAsking, setAsking] = useState(false);
  const isReady = document.status === "ready";
  const menu = (
    <Menu
      label="More for this document"
      trigger={<IconButton label="More" icon={<Ellipsis aria-hidden />} />}
      groups={[
        ...(open
          ? [
              {
                id: "panels",
                items: [
                  ...(isReady
                    ? [
                        { id: "outline", label: "Outline", icon: <ListTree aria-hidden />, onAction: () => open("outline") },
                        { id: "summary", label: "Summary", icon: <TextQuote aria-hidden />, onAction: () => open("summary") },
                        { id: "extract", label: "Extract", icon: <Table2 aria-hidden />, onAction: () => open("extract") },
                      ]
                    : []),
                  { id: "about", label: "About this document", icon: <Info aria-hidden />, onAction: () => open("about") },
                ],
              },
            ]
          : []),
        {
          id: "work",
          items: [
            { id: "original", label: "Open the original", icon: <ExternalLink aria-hidden />, onAction: () => void window.open(originalAddress(document.id), "_blank", "noopener") },
            { id: "save", label: "Save the original", icon: <Download aria-hidden />, onAction: () => save(originalAddress(document.id), document.filename) },
            {
              id: "compare",
              label: "Compare with another",
              icon: <Columns2 aria-hidden />,
              isDisabled: !isReady,
              onAction: () => go(href("/documents/compare", { ids: document.id })),
            },
            {
              id: "again",
              label: "Read it again",
              icon: <RefreshCw aria-hidden />,
              isDisabled: isUnderWay(document),
              onAction: () => again.mutate(document.id, { onError: (error) => toastError("The document is not being read again", error) }),
            },
          ],
        },
        { id: "danger", items: [{ id: "delete", label: "Delete", icon: <Trash2 aria-hidden />, tone: "danger" as const, onAction: () => setAsking(true) }] },
      ]}
    />
  );
  const dialogs = (
    <Confirm
      danger
      isOpen={isAsking}
      onClose={() => {
        setAsking(false);
        remove.reset();
      }}
      title="Delete this document?"
      verb="Delete this document"
      error={remove.error}
      onConfirm={async () => {
        await remove.mutateAsync(document.id);
        setAsking(false);
        go(back, { replace: true });
      }}
    >
      <p>
        <strong>
          <bdi>{document.filename}</bdi>
        </strong>{" "}
        goes from this machine: the file, its text and {format.count(document.chunkCount, "passage")}. Answers will no longer draw on it. This can't be undone.
      </p>
      <p>Chats that quoted it keep their quotes, and what was remembered from it stays in the memory.</p>
      <p>
        <LinkButton href={originalAddress(document.id)} download={document.filename} small>
          Save the original first
        </LinkButton>
      </p>
    </Confirm>
  );
  return { menu, dialogs };
}

function NotReady({ document }: { document: DocumentText }) {
  const again = useReprocessDocument();
  if (document.status === "failed")
    return (
      <div className={styles.note}>
        <Note
          meaning="problem"
          title="This document could not be read"
          actions={
            <>
              <Button small busy={again.isPending} onPress={() => again.mutate(document.id)}>
                Read it again
              </Button>
              <LinkButton small href={originalAddress(document.id)} target="_blank">
                Open the original
              </LinkButton>
            </>
          }
        >
          <p>{document.error?.message ?? "The reason was not recorded. Read it again to find out."}</p>
          <p>The file itself is kept as you gave it. Search and answers do without it.</p>
        </Note>
        {again.error && <ErrorNote error={again.error} title="It is not being read again" />}
      </div>
    );
  return (
    <div className={styles.note}>
      <ProgressBar label={stateOf(document)} value={document.status === "uploaded" ? null : document.progress} detail={format.percent(document.progress)} />
      <p className={styles.quiet}>You can go on elsewhere; its text shows here when all of it can be found.</p>
    </div>
  );
}

const NOTHING: Range[] = [];

function Text({ document, showsFind, closeFind }: { document: DocumentText; showsFind: boolean; closeFind: () => void }) {
  const { text: kept, pageStarts, headings } = document;
  const view = useRef<TextViewHandle>(null);
  const [start] = useParam("start");
  const [end] = useParam("end");
  const [page] = useParam("page");
  const [words, setWords] = useParam("find");
  // Blocks are cut where the text was kept, and drawn as it flows: both have the same places.
  const text = useMemo(() => (pageStarts.length > 0 ? flow(kept) : kept), [kept, pageStarts]);
  const positions = useMemo(() => new Positions(text), [text]);
  const blocks = useMemo(() => cut(kept, pageStarts, headings, positions), [kept, pageStarts, headings, positions]);
  const passage = useMemo(() => passageOf(start, end, positions), [start, end, positions]);
  const wanted = useDeferredValue(showsFind ? (words ?? "") : "");
  const found = useMemo(() => (wanted ? find(text, wanted) : NOTHING), [text, wanted]);
  const [foundAt, setFoundAt] = useState(0);
  const [here, setHere] = useState(() => leftAt.get(document.id) ?? 0);

  useEffect(() => {
    if (passage) view.current?.show(passage.start, "middle");
    else if (page) {
      const begin = pageStarts[Number(page) - 1];
      if (begin !== undefined) view.current?.show(positions.unit(begin), "top");
    }
  }, [passage, page, pageStarts, positions]);

  // The first hit is the next one from where the person reads.
  const shownFor = useRef("");
  useEffect(() => {
    if (!wanted || shownFor.current === wanted) return;
    shownFor.current = wanted;
    const next = found.findIndex((range) => range.start >= here);
    const at = Math.max(0, next);
    setFoundAt(at);
    const range = found[at];
    if (range) view.current?.show(range.start, "middle");
  }, [wanted, found, here]);

  const step = (by: number) => {
    if (found.length === 0) return;
    const at = (foundAt + by + found.length) % found.length;
    setFoundAt(at);
    view.current?.show(found[at]!.start, "middle");
  };

  const onPlace = useCallback(
    (unit: number) => {
      leftAt.set(document.id, unit);
      setHere(unit);
    },
    [document.id],
  );

  if (text.trim() === "")
    return (
      <EmptyState title="No text was found in this file" action={<LinkButton href={originalAddress(document.id)} target="_blank">Open the original</LinkButton>}>
        It may hold only pictures or drawings. It is kept, and found by its name.
      </EmptyState>
    );
  return (
    <>
      {showsFind && (
        <FindBar words={words ?? ""} onWords={(value) => setWords(value || null, { replace: true })} found={found.length} foundAt={foundAt} onStep={step} onClose={closeFind} />
      )}
      {document.textTruncated && (
        <div className={styles.cut}>
          <Note meaning="notice" title="Only the beginning is shown">
            The text is longer than the server sends at once. Search and answers know all of it.
          </Note>
        </div>
      )}
      {document.detail && (
        <div className={styles.cut}>
          <Note meaning="notice" title="Not all of it could be read">
            {document.detail}
          </Note>
        </div>
      )}
      <TextView
        ref={view}
        label={`Text of ${document.filename}`}
        text={text}
        blocks={blocks}
        passage={passage}
        found={found}
        foundAt={foundAt}
        onPlace={onPlace}
        initialUnit={passage || page ? 0 : (leftAt.get(document.id) ?? 0)}
      />
      <Foot document={document} blocks={blocks} point={positions.point(here)} passage={passage} onPassage={() => passage && view.current?.show(passage.start, "middle")} />
    </>
  );
}

function passageOf(start: string | null, end: string | null, positions: Positions): Range | null {
  if (start === null || end === null) return null;
  const from = Number(start);
  const to = Number(end);
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to <= from) return null;
  const range = { start: positions.unit(from), end: positions.unit(to) };
  return range.end > range.start ? range : null;
}

interface FindBarProps {
  words: string;
  onWords: (words: string) => void;
  found: number;
  foundAt: number;
  onStep: (by: number) => void;
  onClose: () => void;
}

function FindBar({ words, onWords, found, foundAt, onStep, onClose }: FindBarProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      onStep(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && words === "") {
      event.preventDefault();
      onClose();
    }
  };
  return (
    <div className={styles.find} data-find="" role="search">
      <SearchField label="Find in this document" value={words} onChange={onWords} onKeyDown={onKeyDown} autoFocus className={styles.findField} />
      <span className={styles.hits} role="status">
        {words.trim() && (found > 0 ? `${(foundAt + 1).toLocaleString("en")} of ${found >= MOST_FOUND ? "more than " : ""}${found.toLocaleString("en")}` : "Not found")}
      </span>
      <IconButton small label="Previous" keys="shift+enter" icon={<ArrowUp aria-hidden />} isDisabled={found === 0} onPress={() => onStep(-1)} />
      <IconButton small label="Next" keys="enter" icon={<ArrowDown aria-hidden />} isDisabled={found === 0} onPress={() => onStep(1)} />
      <IconButton small label="Close" keys="escape" icon={<X aria-hidden />} onPress={onClose} />
    </div>
  );
}

interface FootProps {
  document: DocumentText;
  blocks: readonly Block[];
  point: number;
  passage: Range | null;
  onPassage: () => void;
}

/** Where one is: page and section; a way to another page. */
function Foot({ document, point, passage, onPassage }: FootProps) {
  const setParams = useSetParams();
  const page = pageAt(document.pageStarts, point);
  const [typed, setTyped] = useState<string | null>(null);
  const section = document.headings.findLast((heading) => heading.start <= point);
  const jump = () => {
    const wanted = Number(typed);
    if (typed && Number.isInteger(wanted) && wanted >= 1 && wanted <= document.pageStarts.length) setParams({ page: wanted, start: null, end: null });
    setTyped(null);
  };
  return (
    <footer className={styles.foot}>
      {page !== null ? (
        <label className={styles.pages}>
          Page
          <input
            className={styles.page}
            inputMode="numeric"
            aria-label={`Page, of ${document.pageStarts.length}`}
            value={typed ?? String(page)}
            onChange={(event) => setTyped(event.target.value.replace(/\D/g, ""))}
            onFocus={(event) => event.target.select()}
            onKeyDown={(event) => {
              if (event.key === "Enter") jump();
              if (event.key === "Escape") setTyped(null);
            }}
            onBlur={() => setTyped(null)}
          />
          of {document.pageStarts.length.toLocaleString("en")}
        </label>
      ) : (
        <span>{sizeOf(document)}</span>
      )}
      {section && (
        <bdi className="ellipsis" title={section.text}>
          {section.text}
        </bdi>
      )}
      {passage && (
        <Button small tone="quiet" className={styles.backToPassage} onPress={onPassage}>
          Back to the passage
        </Button>
      )}
    </footer>
  );
}

