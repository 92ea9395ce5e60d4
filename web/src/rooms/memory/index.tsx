import { Brain } from "lucide-react";
import { EmptyState, LinkButton, SplitView } from "@/components";
import { href, useInspect } from "@/shell/address";
import type { RoomProps } from "@/shell/rooms";
import { DaysPage } from "./DaysPage";
import { EntryPage } from "./EntryPage";
import { EntityPanel, GraphPage } from "./GraphPage";
import { MemoryList, useKept } from "./MemoryList";
import { NewEntry } from "./NewEntry";
import { WhyEntry } from "./Why";

/** What the agent remembers. */
export default function Memory({ id }: RoomProps) {
  const inspect = useInspect();
  const inspector =
    inspect.kind === "why"
      ? { title: "Why this memory", content: <WhyEntry id={inspect.id} />, onClose: inspect.close }
      : id === "graph" && inspect.kind === "entity"
        ? { title: "About this name", content: <EntityPanel id={inspect.id} />, onClose: inspect.close }
        : null;
  return (
    <SplitView list={<MemoryList selectedId={id} />} listLabel="Memories" isOpen={id !== null} inspector={inspector}>
      <Work id={id} />
    </SplitView>
  );
}

function Work({ id }: { id: string | null }) {
  const kept = useKept();
  switch (id) {
    case null:
      return (
        <EmptyState
          icon={<Brain aria-hidden />}
          title="What the agent knows about you and your work"
          action={
            <>
              <LinkButton tone="primary" href={href("/memory/new", kept)}>
                Remember something
              </LinkButton>
              <LinkButton href={href("/memory/graph", kept)}>See the graph</LinkButton>
            </>
          }
        >
          It learns from what you say. Each memory shows its source, and you can correct it or have it forgotten.
        </EmptyState>
      );
    case "new":
      return <NewEntry />;
    case "graph":
      return <GraphPage />;
    case "days":
      return <DaysPage />;
    default:
      return <EntryPage id={id} />;
  }
}
