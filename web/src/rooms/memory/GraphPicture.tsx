import { Maximize, Minus, Plus } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import type { Graph, GraphNode } from "@/api";
import { format, IconButton } from "@/components";
import { frame, neighbour, place, type Place } from "./force";
import styles from "./GraphPicture.module.css";

export interface GraphPictureProps {
  graph: Graph;
  selectedId: string | null;
  onSelect: (id: string) => void;
}

/** Room in pixels for names at the edge. */
const ASIDE = 90;
const ABOVE = 36;
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" } as const;

/** Half the width of a node's mark in pixels: the more it is spoken of, the larger, by area. */
function radius(node: GraphNode): number {
  return Math.min(16, 5 + 2.2 * Math.sqrt(node.mentions));
}

interface View {
  zoom: number;
  /** Where the middle of the picture looks, from the middle of all. */
  x: number;
  y: number;
}

const WHOLE: View = { zoom: 1, x: 0, y: 0 };

/** A graph as a picture. Tab enters it, arrows go from node to node, Enter opens one; + - 0 change the size. */
export function GraphPicture({ graph, selectedId, onSelect }: GraphPictureProps) {
  const { nodes, edges } = graph;
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [view, setView] = useState(WHOLE);
  const [activeId, setActiveId] = useState<string | null>(null);
  const [hoverId, setHoverId] = useState<string | null>(null);
  const places = useMemo(() => place(nodes, edges), [nodes, edges]);
  const whole = useMemo(() => frame(places.values(), 1), [places]);
  const byId = useMemo(() => new Map(nodes.map((node) => [node.id, node])), [nodes]);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const [seen, setSeen] = useState(places);
  if (seen !== places) {
    setSeen(places);
    setView(WHOLE);
  }

  // Pixels for one unit of the picture; never larger than life, so that two nodes are not a screen apart.
  const fit = Math.min(1.6, Math.max(40, size.width - 2 * ASIDE) / whole.width || 0, Math.max(40, size.height - 2 * ABOVE) / whole.height || 0);
  const scale = fit * view.zoom;
  const toScreen = useCallback(
    ({ x, y }: Place): Place => ({
      x: size.width / 2 + (x - (whole.x + whole.width / 2) - view.x) * scale,
      y: size.height / 2 + (y - (whole.y + whole.height / 2) - view.y) * scale,
    }),
    [size, whole, view, scale],
  );

  const zoomBy = useCallback((factor: number) => setView((before) => ({ ...before, zoom: Math.min(8, Math.max(0.5, before.zoom * factor)) })), []);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    // Only with Ctrl or a pinch: a plain wheel over the picture must not take the page's scrolling away.
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY * 0.004));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [zoomBy]);

  const drag = useRef<{ id: number; x: number; y: number } | null>(null);
  const onPointerDown = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0 || (event.target as Element).closest("[data-node]")) return;
    drag.current = { id: event.pointerId, x: event.clientX, y: event.clientY };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const from = drag.current;
    if (!from || from.id !== event.pointerId || scale === 0) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    drag.current = { ...from, x: event.clientX, y: event.clientY };
    setView((before) => ({ ...before, x: before.x - dx / scale, y: before.y - dy / scale }));
  };
  const drop = () => {
    drag.current = null;
  };

  const sorted = useMemo(() => [...nodes].sort((a, b) => b.mentions - a.mentions || a.name.localeCompare(b.name)), [nodes]);
  const entryId = (activeId && byId.has(activeId) && activeId) || (selectedId && byId.has(selectedId) && selectedId) || sorted[0]?.id;
  const spoken = hoverId ?? selectedId;

  const focus = (id: string) => {
    setActiveId(id);
    const there = places.get(id);
    if (there) {
      const at = toScreen(there);
      // What gets the focus comes into sight.
      if (at.x < 20 || at.y < 20 || at.x > size.width - 20 || at.y > size.height - 20) {
        setView((before) => ({ ...before, x: there.x - (whole.x + whole.width / 2), y: there.y - (whole.y + whole.height / 2) }));
      }
    }
    box.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(id)}"]`)?.focus();
  };

  const onKeyDown = (event: KeyboardEvent, id: string) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key as keyof typeof ARROWS];
    if (arrow) {
      const next = neighbour(places, id, arrow);
      if (next) focus(next);
    } else if (event.key === "Enter" || event.key === " ") onSelect(id);
    else if (event.key === "+" || event.key === "=") zoomBy(1.3);
    else if (event.key === "-") zoomBy(1 / 1.3);
    else if (event.key === "0") setView(WHOLE);
    else return;
    event.preventDefault();
  };

  const pairs = useMemo(() => {
    const made = new Map<string, { from: string; to: string; relations: string[] }>();
    for (const { from, to, relation } of edges) {
      if (!byId.has(from) || !byId.has(to) || from === to) continue;
      const key = JSON.stringify([from, to].sort());
      const had = made.get(key);
      if (!had) made.set(key, { from, to, relations: [relation] });
      else if (!had.relations.includes(relation)) had.relations.push(relation);
    }
    return [...made.values()];
  }, [edges, byId]);

  const near = useMemo(() => {
    const ids = new Set<string>();
    if (spoken) for (const { from, to } of pairs) if (from === spoken || to === spoken) ids.add(from).add(to);
    return ids;
  }, [pairs, spoken]);

  const labelled = useMemo(() => chooseLabels(sorted, places, toScreen, new Set([...near, spoken ?? "", entryId ?? ""])), [sorted, places, toScreen, near, spoken, entryId]);

  return (
    <div ref={box} className={styles.box}>
      {size.width > 0 && (
        <svg
          className={styles.picture}
          width={size.width}
          height={size.height}
          role="group"
          aria-label={`Graph of ${format.count(nodes.length, "person or thing", "people and things")}. Arrow keys go from one to the next, Enter opens one.`}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={drop}
          onPointerCancel={drop}
        >
          <g aria-hidden>
            {pairs.map(({ from, to, relations }) => {
              const [a, b] = [toScreen(places.get(from)!), toScreen(places.get(to)!)];
              const isNear = spoken === from || spoken === to;
              return (
                <g key={`${from} ${to}`}>
                  <line x1={a.x} y1={a.y} x2={b.x} y2={b.y} className={isNear ? styles.nearEdge : styles.edge} />
                  {isNear && near.size < 14 && Math.hypot(a.x - b.x, a.y - b.y) > 70 && (
                    <text x={(a.x + b.x) / 2} y={(a.y + b.y) / 2} className={styles.relation}>
                      {short(relations.join(", "), 28)}
                    </text>
                  )}
                </g>
              );
            })}
          </g>
          {sorted.map((node) => {
            const at = toScreen(places.get(node.id)!);
            const isSelected = node.id === selectedId;
            const r = radius(node);
            return (
              <g
                key={node.id}
                data-node={node.id}
                role="button"
                aria-label={`${node.name}, ${node.type}, ${format.count(node.mentions, "memory", "memories")}`}
                aria-pressed={isSelected}
                tabIndex={node.id === entryId ? 0 : -1}
                className={styles.node}
                data-selected={isSelected || undefined}
                data-faint={(spoken !== null && node.id !== spoken && !near.has(node.id)) || undefined}
                onClick={() => onSelect(node.id)}
                onFocus={() => setActiveId(node.id)}
                onPointerEnter={() => setHoverId(node.id)}
                onPointerLeave={() => setHoverId(null)}
                onKeyDown={(event) => onKeyDown(event, node.id)}
              >
                <circle cx={at.x} cy={at.y} r={Math.max(14, r + 5)} className={styles.target} />
                <circle cx={at.x} cy={at.y} r={r + 4} className={styles.ring} />
                <Mark type={node.type} x={at.x} y={at.y} r={r} />
                {labelled.has(node.id) && (
                  <text x={at.x} y={at.y + r + 13} className={styles.label}>
                    {short(node.name, 26)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      )}
      <div className={styles.tools}>
        <IconButton small label="Larger" keys="+" tone="plain" icon={<Plus aria-hidden />} onPress={() => zoomBy(1.4)} />
        <IconButton small label="Smaller" keys="-" tone="plain" icon={<Minus aria-hidden />} onPress={() => zoomBy(1 / 1.4)} />
        <IconButton small label="All of it" keys="0" tone="plain" icon={<Maximize aria-hidden />} onPress={() => setView(WHOLE)} />
      </div>
    </div>
  );
}

/** A person is round, a place square, an organisation a diamond, anything else a small ring: told apart without colour. */
export function Mark({ type, x, y, r }: { type: string; x: number; y: number; r: number }) {
  switch (kindOf(type)) {
    case "person":
      return <circle cx={x} cy={y} r={r} className={styles.mark} />;
    case "place":
      return <rect x={x - r * 0.9} y={y - r * 0.9} width={r * 1.8} height={r * 1.8} rx={2} className={styles.mark} />;
    case "organisation":
      return <path d={`M${x} ${y - r * 1.2}L${x + r * 1.2} ${y}L${x} ${y + r * 1.2}L${x - r * 1.2} ${y}Z`} className={styles.mark} />;
    case "thing":
      return <circle cx={x} cy={y} r={r * 0.85} className={styles.hollow} />;
  }
}

export type Kind = "person" | "place" | "organisation" | "thing";

export function kindOf(type: string): Kind {
  const word = type.toLowerCase();
  if (/^(person|people|human)/.test(word)) return "person";
  if (/^(place|location|city|country|gpe|loc)/.test(word)) return "place";
  if (/^(org|company|team|institution)/.test(word)) return "organisation";
  return "thing";
}

function short(text: string, most: number): string {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}

/** Which names are written: those that must, then by importance as long as they don't lie on another. */
function chooseLabels(sorted: readonly GraphNode[], places: ReadonlyMap<string, Place>, toScreen: (place: Place) => Place, must: ReadonlySet<string>): Set<string> {
  const chosen = new Set<string>();
  const taken: { left: number; right: number; top: number; bottom: number }[] = [];
  const first = [...sorted.filter((node) => must.has(node.id)), ...sorted.filter((node) => !must.has(node.id))];
  // The marks themselves take room as well, except under their own name.
  const marks = sorted.map((node) => ({ id: node.id, at: toScreen(places.get(node.id)!), r: radius(node) }));
  for (const node of first) {
    const at = toScreen(places.get(node.id)!);
    const half = Math.min(26, [...node.name].length) * 3.4 + 3;
    const top = at.y + radius(node) + 2;
    const box = { left: at.x - half, right: at.x + half, top, bottom: top + 16 };
    const isFree =
      taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom) &&
      marks.every((mark) => mark.id === node.id || box.right < mark.at.x - mark.r || box.left > mark.at.x + mark.r || box.bottom < mark.at.y - mark.r || box.top > mark.at.y + mark.r);
    if (!isFree && !must.has(node.id)) continue;
    taken.push(box);
    chosen.add(node.id);
  }
  return chosen;
}
