/**
 * Places for the nodes of a graph: linked ones near, all others apart (Fruchterman and Reingold, 1991, with repulsion gathered in a grid of cells).
 * The same graph always gets the same places: nodes start on a sunflower, the most mentioned in the middle, and nothing is random.
 */
import type { GraphEdge, GraphNode } from "@/api";

export interface Place {
  x: number;
  y: number;
}

/** How far apart linked nodes come to rest, in the picture's own units. */
export const DISTANCE = 90;

const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/** A place for each node, around (0, 0). About 300 steps, each in time proportional to nodes and edges. */
export function place(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Map<string, Place> {
  const sorted = [...nodes].sort((a, b) => b.mentions - a.mentions || (a.id < b.id ? -1 : 1));
  const index = new Map(sorted.map((node, at) => [node.id, at]));
  const n = sorted.length;
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const radius = DISTANCE * 0.7 * Math.sqrt(i);
    x[i] = radius * Math.cos(i * GOLDEN);
    y[i] = radius * Math.sin(i * GOLDEN);
  }
  const links = [...new Set(edges.flatMap(({ from, to }) => {
    const a = index.get(from);
    const b = index.get(to);
    return a === undefined || b === undefined || a === b ? [] : [Math.min(a, b) * n + Math.max(a, b)];
  }))].map((pair) => [Math.floor(pair / n), pair % n] as const);
  const steps = n > 400 ? 120 : 300;
  const reach = DISTANCE * 3;
  const moveX = new Float64Array(n);
  const moveY = new Float64Array(n);
  for (let step = 0; step < steps; step++) {
    moveX.fill(0);
    moveY.fill(0);
    const cells = new Map<string, number[]>();
    for (let i = 0; i < n; i++) {
      const key = `${Math.floor(x[i]! / reach)},${Math.floor(y[i]! / reach)}`;
      const cell = cells.get(key);
      if (cell) cell.push(i);
      else cells.set(key, [i]);
    }
    for (let i = 0; i < n; i++) {
      const cx = Math.floor(x[i]! / reach);
      const cy = Math.floor(y[i]! / reach);
      for (let dx = -1; dx <= 1; dx++) {
        for (let dy = -1; dy <= 1; dy++) {
          for (const j of cells.get(`${cx + dx},${cy + dy}`) ?? []) {
            if (j === i) continue;
            let ax = x[i]! - x[j]!;
            let ay = y[i]! - y[j]!;
            let distance = Math.hypot(ax, ay);
            if (distance < 0.01) {
              // Exactly on one another: part along an angle of their own.
              ax = Math.cos(i * GOLDEN);
              ay = Math.sin(i * GOLDEN);
              distance = 1;
            }
            if (distance > reach) continue;
            const push = (DISTANCE * DISTANCE) / distance / distance;
            moveX[i]! += ax * push;
            moveY[i]! += ay * push;
          }
        }
      }
      // A weak pull to the middle keeps the parts of an unconnected graph together.
      moveX[i]! -= x[i]! * 0.1;
      moveY[i]! -= y[i]! * 0.1;
    }
    for (const [a, b] of links) {
      const ax = x[a]! - x[b]!;
      const ay = y[a]! - y[b]!;
      const pull = Math.hypot(ax, ay) / DISTANCE;
      moveX[a]! -= ax * pull;
      moveY[a]! -= ay * pull;
      moveX[b]! += ax * pull;
      moveY[b]! += ay * pull;
    }
    const most = DISTANCE * 0.5 * (1 - step / steps) ** 1.5 + 0.5;
    for (let i = 0; i < n; i++) {
      const length = Math.hypot(moveX[i]!, moveY[i]!);
      if (length === 0) continue;
      const share = Math.min(length, most) / length;
      x[i]! += moveX[i]! * share;
      y[i]! += moveY[i]! * share;
    }
  }
  partOverlapping(x, y);
  return new Map(sorted.map((node, i) => [node.id, { x: Math.round(x[i]! * 10) / 10, y: Math.round(y[i]! * 10) / 10 }]));
}

/** Pushes apart what lies nearer than names need. */
function partOverlapping(x: Float64Array, y: Float64Array): void {
  const least = DISTANCE * 0.5;
  for (let round = 0; round < 40; round++) {
    let isQuiet = true;
    for (let i = 0; i < x.length; i++) {
      for (let j = i + 1; j < x.length; j++) {
        let ax = x[i]! - x[j]!;
        const ay = y[i]! - y[j]!;
        if (Math.abs(ax) >= least || Math.abs(ay) >= least) continue;
        let distance = Math.hypot(ax, ay);
        if (distance >= least) continue;
        if (distance < 0.01) ax = distance = 0.01;
        const push = (least - distance) / distance / 2;
        x[i]! += ax * push;
        y[i]! += ay * push;
        x[j]! -= ax * push;
        y[j]! -= ay * push;
        isQuiet = false;
      }
    }
    if (isQuiet) return;
  }
}

/** The smallest box around all places, with `margin` on every side. */
export function frame(places: Iterable<Place>, margin: number): { x: number; y: number; width: number; height: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of places) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (left > right) return { x: -margin, y: -margin, width: 2 * margin, height: 2 * margin };
  return { x: left - margin, y: top - margin, width: right - left + 2 * margin, height: bottom - top + 2 * margin };
}

/** The node that lies next in a direction, seen from one: for the arrow keys. */
export function neighbour(places: ReadonlyMap<string, Place>, from: string, direction: "left" | "right" | "up" | "down"): string | null {
  const here = places.get(from);
  if (!here) return null;
  const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number];
  let best: string | null = null;
  let least = Infinity;
  for (const [id, there] of places) {
    if (id === from) continue;
    const ahead = (there.x - here.x) * dx + (there.y - here.y) * dy;
    const aside = Math.abs((there.x - here.x) * dy + (there.y - here.y) * dx);
    if (ahead <= 0 || aside > ahead * 2) continue;
    const cost = ahead + aside * 2;
    if (cost < least) {
      least = cost;
      best = id;
    }
  }
  return best;
}
