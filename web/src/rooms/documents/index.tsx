import { FileUp, TextSearch } from "lucide-react";
import { useDocument, uploads } from "@/api";
import { Button, chooseFiles, EmptyState, FileDrop, LinkButton, Skeleton, SplitView } from "@/components";
import { href, useInspect } from "@/shell/address";
import type { RoomProps } from "@/shell/rooms";
import { ComparePage } from "./ComparePage";
import { DocumentList, useKept } from "./DocumentList";
import styles from "./documents.module.css";
import { About, ExtractingPanel, Outline, SummaryPanel } from "./Panels";
import { SearchPage, WhyPassage } from "./SearchPage";
import { Viewer } from "./Viewer";

const PANELS = { outline: "Outline", summary: "Summary", extract: "Extract", about: "About this document" } as const;

function isPanel(kind: string): kind is keyof typeof PANELS {
  return kind in PANELS;
}

/** What the agent has read. */
export default function Documents({ id }: RoomProps) {
  const isPage = id === "search" || id === "compare";
  const documentId = isPage ? null : id;
  const inspect = useInspect();
  const add = (files: File[]) => void (files.length > 0 && uploads.add(files));
  const choose = () => void chooseFiles().then(add);
  const inspector =
    id === "search" && inspect.kind === "why"
      ? { title: "Why this passage", content: <WhyPassage chunkId={inspect.id} />, onClose: inspect.close }
      : documentId && isPanel(inspect.kind)
        ? { title: PANELS[inspect.kind], content: <Panel kind={inspect.kind} documentId={documentId} />, onClose: inspect.close }
        : null;
  return (
    <FileDrop label="Let go to add to your documents" onFiles={add} className={styles.room}>
      <SplitView list={<DocumentList selectedId={documentId} onAdd={choose} />} listLabel="Documents" isOpen={id !== null} inspector={inspector}>
        {id === "search" ? <SearchPage /> : id === "compare" ? <ComparePage /> : documentId ? <Viewer id={documentId} /> : <Landing onAdd={choose} />}
      </SplitView>
    </FileDrop>
  );
}

function Panel({ kind, documentId }: { kind: keyof typeof PANELS; documentId: string }) {
  const { data } = useDocument(documentId);
  if (!data) return <Skeleton rows={6} rowHeight={28} />;
  if (kind === "about") return <About document={data} />;
  if (data.status !== "ready")
    return (
      <EmptyState small title="Not yet">
        This shows when the document has been read.
      </EmptyState>
    );
  if (kind === "outline") return <Outline document={data} />;
  return kind === "summary" ? <SummaryPanel key={documentId} document={data} /> : <ExtractingPanel key={documentId} document={data} />;
}

function Landing({ onAdd }: { onAdd: () => void }) {
  const kept = useKept();
  return (
    <EmptyState
      icon={<FileUp aria-hidden />}
      title="Drop files anywhere here"
      action={
        <>
          <Button tone="primary" onPress={onAdd}>
            Add documents
          </Button>
          <LinkButton href={href("/documents/search", kept)} icon={<TextSearch aria-hidden />}>
            Search the texts
          </LinkButton>
        </>
      }
    >
      The agent reads them on this machine, answers from them, and shows the passage that each answer comes from.
    </EmptyState>
  );
}
