import { Waypoints } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { useEntry, useGraph, type Graph, type GraphEdge, type GraphNode } from "@/api";
import { Button, EmptyState, ErrorNote, format, InspectorSection, LinkButton, Scroll, SearchField, Segmented, Skeleton, WorkPane } from "@/components";
import { href, useInspect, useParam, useSetParams } from "@/shell/address";
import styles from "./GraphPage.module.css";
import { GraphPicture, kindOf, Mark, type Kind } from "./GraphPicture";
import { useKept } from "./MemoryList";

const DEPTHS = [
  { id: "1", label: "Next" },
  { id: "2", label: "Two steps" },
  { id: "3", label: "Three" },
] as const;

const SHAPES = [
  { id: "picture", label: "Picture" },
  { id: "list", label: "List" },
] as const;

const KINDS: Record<Kind, string> = { person: "Person", place: "Place", organisation: "Organisation", thing: "Other" };

function useShown() {
  const [entity] = useParam("entity");
  const [depth] = useParam("depth");
  const steps = depth === "2" || depth === "3" ? depth : "1";
  return { entity: entity ?? "", steps, query: useGraph(entity ?? "", Number(steps)) } as const;
}

/** Who and what the memory knows, and how it hangs together. */
export function GraphPage() {
  const kept = useKept();
  const setParams = useSetParams();
  const inspect = useInspect();
  const { entity, steps, query } = useShown();
  const [shape] = useParam("as");
  const { data, error, isPlaceholderData, refetch } = query;
  const selectedId = inspect.kind === "entity" ? inspect.id : (data?.nodes.find((node) => node.name === entity || node.id === entity)?.id ?? null);
  const isEmpty = data && data.nodes.length === 0;
  return (
    <WorkPane
      title={<h1>People and things</h1>}
      back={href("/memory", kept)}
      tools={
        <div className={styles.tools}>
          <Centre key={entity} entity={entity} known={data?.nodes ?? []} onCentre={(name) => setParams({ entity: name || null, inspect: null })} />
          {entity && <Segmented label="How far" hideLabel options={DEPTHS} value={steps} onChange={(depth) => setParams({ depth }, { replace: true })} />}
          <Segmented
            label="Shown as"
            hideLabel
            options={SHAPES}
            value={shape === "list" ? "list" : "picture"}
            onChange={(value) => setParams({ as: value === "list" ? "list" : null }, { replace: true })}
          />
        </div>
      }
    >
      {error && !data ? (
        <Scroll>
          <ErrorNote error={error} title="The graph could not be read" meaning="The memory is untouched." retry={() => void refetch()} />
        </Scroll>
      ) : !data ? (
        <Skeleton rows={1} rowHeight={300} label="Reading the graph" />
      ) : isEmpty ? (
        <Scroll>
          {entity ? (
            <EmptyState icon={<Waypoints aria-hidden />} title={`Nothing is known about “${entity}”`} action={<Button onPress={() => setParams({ entity: null, depth: null })}>Show all</Button>}>
              Try the name as it was said.
            </EmptyState>
          ) : (
            <EmptyState icon={<Waypoints aria-hidden />} title="No one and nothing yet" action={<LinkButton href="/memory/new">Remember something</LinkButton>}>
              Names of people, places and organisations in what is remembered come together here, with what links them.
            </EmptyState>
          )}
        </Scroll>
      ) : shape === "list" ? (
        <GraphList graph={data} />
      ) : (
        <div className={styles.picture} aria-busy={isPlaceholderData}>
          <GraphPicture graph={data} selectedId={selectedId} onSelect={(id) => inspect.open("entity", id)} />
          <Legend nodes={data.nodes} />
        </div>
      )}
    </WorkPane>
  );
}

function Centre({ entity, known, onCentre }: { entity: string; known: readonly GraphNode[]; onCentre: (name: string) => void }) {
  const [typed, setTyped] = useState(entity);
  return (
    <form
      noValidate
      className={styles.centre}
      onSubmit={(event) => {
        event.preventDefault();
        const words = typed.trim().toLowerCase();
        // What is on screen already need not be spelt out.
        const fitting = words && (known.find((node) => node.name.toLowerCase() === words) ?? known.find((node) => node.name.toLowerCase().startsWith(words)));
        onCentre(fitting ? fitting.name : typed.trim());
      }}
    >
      <SearchField
        label="Start from a person or thing"
        placeholder="Start from a name"
        value={typed}
        onChange={(value) => {
          setTyped(value);
          if (value === "" && entity) onCentre("");
        }}
      />
    </form>
  );
}

function Legend({ nodes }: { nodes: readonly GraphNode[] }) {
  const kinds = [...new Set(nodes.map((node) => kindOf(node.type)))].sort();
  return (
    <ul className={styles.legend} aria-label="What the shapes mean">
      {kinds.map((kind) => (
        <li key={kind}>
          <svg width={14} height={14} aria-hidden>
            <Mark type={kind} x={7} y={7} r={5} />
          </svg>
          {KINDS[kind]}
        </li>
      ))}
      <li className={styles.count}>{format.count(nodes.length, "name")}, the larger the more is remembered</li>
    </ul>
  );
}

function relationsOf(graph: Graph, id: string): { edge: GraphEdge; other: GraphNode; isOut: boolean }[] {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  return graph.edges.flatMap((edge) => {
    const isOut = edge.from === id;
    const other = byId.get(isOut ? edge.to : edge.from);
    return (isOut || edge.to === id) && other && other.id !== id ? [{ edge, other, isOut }] : [];
  });
}

/** The same graph in words: for screen readers, and for whoever reads better than looks. */
function GraphList({ graph }: { graph: Graph }) {
  const sorted = useMemo(() => [...graph.nodes].sort((a, b) => b.mentions - a.mentions || a.name.localeCompare(b.name)), [graph.nodes]);
  return (
    <Scroll>
      <ul className={styles.entities}>
        {sorted.map((node) => (
          <li key={node.id} className={styles.entity}>
            <h2 className={styles.name}>
              <Link href={href("/memory/graph", { entity: node.name, depth: 1, as: "list" })}>
                <bdi>{node.name}</bdi>
              </Link>
              <span className={styles.kind}>
                {node.type}, {format.count(node.mentions, "memory", "memories")}
              </span>
            </h2>
            <Relations graph={graph} node={node} />
          </li>
        ))}
      </ul>
    </Scroll>
  );
}

function Relations({ graph, node }: { graph: Graph; node: GraphNode }) {
  const relations = relationsOf(graph, node.id);
  if (relations.length === 0) return <p className={styles.quiet}>Not linked to the others here.</p>;
  return (
    <ul className={styles.relations}>
      {relations.map(({ edge, other, isOut }, at) => (
        <li key={at} dir="auto">
          {isOut ? (
            <>
              {edge.relation} <bdi className={styles.other}>{other.name}</bdi>
            </>
          ) : (
            <>
              <bdi className={styles.other}>{other.name}</bdi> {edge.relation} <bdi>{node.name}</bdi>
            </>
          )}
          {edge.entryId && (
            <>
              {" "}
              <Link href={`/memory/${edge.entryId}`} className={styles.source} aria-label={`source of: ${isOut ? node.name : other.name} ${edge.relation} ${isOut ? other.name : node.name}`}>
                source
              </Link>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

/** One node: what links it, and the memories that say so. */
export function EntityPanel({ id }: { id: string }) {
  const { query } = useShown();
  const graph = query.data;
  const node = graph?.nodes.find((one) => one.id === id);
  if (!graph) return <Skeleton rows={5} rowHeight={28} />;
  if (!node)
    return (
      <EmptyState small title="Not in this picture">
        It is farther away than what is shown.
      </EmptyState>
    );
  const entries = [...new Set(relationsOf(graph, id).flatMap(({ edge }) => edge.entryId ?? []))];
  return (
    <>
      <InspectorSection title={KINDS[kindOf(node.type)]}>
        <p className={styles.title}>
          <bdi>{node.name}</bdi>
        </p>
        <p className={styles.quiet}>In {format.count(node.mentions, "memory", "memories")}.</p>
        <div className={styles.actions}>
          <LinkButton small href={href("/memory/graph", { entity: node.name, depth: 1 })}>
            Start from here
          </LinkButton>
          <LinkButton small href={href("/memory", { q: node.name })}>
            Search memories
          </LinkButton>
        </div>
      </InspectorSection>
      <InspectorSection title="Links">
        <Relations graph={graph} node={node} />
      </InspectorSection>
      {entries.length > 0 && (
        <InspectorSection title="What says so">
          <ul className={styles.entries}>
            {entries.slice(0, 12).map((entry) => (
              <Saying key={entry} id={entry} />
            ))}
          </ul>
        </InspectorSection>
      )}
    </>
  );
}

function Saying({ id }: { id: string }) {
  const { data, error } = useEntry(id);
  if (error) return null;
  return (
    <li>
      <Link href={`/memory/${id}`} className={styles.saying}>
        <span dir="auto">{data?.content ?? "…"}</span>
      </Link>
    </li>
  );
}
