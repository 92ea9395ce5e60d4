import { expect, test } from "vitest";
import { DISTANCE, frame, neighbour, place } from "./force";

const node = (id: string, mentions = 1) => ({ id, name: id, type: "person", mentions });
const edge = (from: string, to: string) => ({ from, to, relation: "knows", entryId: null });
const far = (a: { x: number; y: number }, b: { x: number; y: number }) => Math.hypot(a.x - b.x, a.y - b.y);

test("the same graph gets the same places, in whatever order it comes", () => {
  const nodes = ["a", "b", "c", "d", "e"].map((id, at) => node(id, at));
  const edges = [edge("a", "b"), edge("c", "d")];
  expect([...place([...nodes].reverse(), edges)].sort()).toEqual([...place(nodes, edges)].sort());
});

test("linked nodes lie nearer than unlinked ones, and none on another", () => {
  const nodes = Array.from({ length: 24 }, (_, at) => node(`n${at}`, at % 5));
  const edges = Array.from({ length: 20 }, (_, at) => edge(`n${at}`, `n${at + 1}`));
  const places = place(nodes, edges);
  const linked = edges.map(({ from, to }) => far(places.get(from)!, places.get(to)!));
  const all = nodes.flatMap((a, i) => nodes.slice(i + 1).map((b) => far(places.get(a.id)!, places.get(b.id)!)));
  const mean = (list: number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;
  expect(mean(linked)).toBeLessThan(mean(all) * 0.6);
  expect(Math.min(...all)).toBeGreaterThan(DISTANCE * 0.45);
});

test("an edge to nowhere, to itself or twice does no harm, and neither does an empty graph", () => {
  const places = place([node("a"), node("b")], [edge("a", "ghost"), edge("a", "a"), edge("a", "b"), edge("b", "a")]);
  expect([...places.values()].every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
  expect(place([], []).size).toBe(0);
  expect(frame([], 10)).toEqual({ x: -10, y: -10, width: 20, height: 20 });
});

test("arrow keys go to what lies that way", () => {
  const places = new Map([
    ["here", { x: 0, y: 0 }],
    ["right", { x: 50, y: 5 }],
    ["farther", { x: 200, y: 0 }],
    ["up", { x: 3, y: -40 }],
  ]);
  expect(neighbour(places, "here", "right")).toBe("right");
  expect(neighbour(places, "right", "right")).toBe("farther");
  expect(neighbour(places, "here", "up")).toBe("up");
  expect(neighbour(places, "here", "left")).toBeNull();
});
