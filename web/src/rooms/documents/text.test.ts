import { expect, test } from "vitest";
import { blockAt, cut, divide, find, flow, pageAt, Positions } from "./text";

const cutAll = (text: string, pages: number[] = [], headings: { text: string; level: number; start: number; page: null }[] = []) => cut(text, pages, headings, new Positions(text));
const shown = (text: string, blocks: { start: number; end: number }[]) => blocks.map((block) => text.slice(block.start, block.end));

test("the server's positions and ours agree, with emoji anywhere", () => {
  const text = "tea 🍵 ".repeat(700) + "𝕏" + "x".repeat(3000);
  const positions = new Positions(text);
  const points = [...text];
  let unit = 0;
  points.forEach((character, point) => {
    if (point % 7 === 0) {
      expect(positions.unit(point)).toBe(unit);
      expect(positions.point(unit)).toBe(point);
    }
    unit += character.length;
  });
  expect(positions.unit(points.length + 10)).toBe(text.length);
});

test("without emoji a position is itself", () => {
  const positions = new Positions("plain text");
  expect([positions.unit(3), positions.point(3), positions.unit(99), positions.unit(-1)]).toEqual([3, 3, 10, 0]);
});

test("blocks end at blank lines and lose nothing that can be seen", () => {
  const text = "One\nmore.\n\n\n  Two.\n \nThree.\n";
  const blocks = cutAll(text);
  expect(shown(text, blocks)).toEqual(["One\nmore.", "  Two.", "Three."]);
});

test("a page and a heading begin a block of their own", () => {
  const text = "Intro\nFirst page text. Still the first.Second page text.";
  const second = text.indexOf("Second");
  const blocks = cutAll(text, [0, second], [{ text: "Intro", level: 1, start: 0, page: null }]);
  expect(blocks.map((block) => [text.slice(block.start, block.end), block.page, block.level])).toEqual([
    ["Intro", 1, 1],
    ["First page text. Still the first.", null, null],
    ["Second page text.", 2, null],
  ]);
});

test("an empty page is still marked", () => {
  const text = "First.\n\nThird.";
  const blocks = cutAll(text, [0, 7, 8]);
  expect(blocks.map((block) => block.page)).toEqual([1, 2, 3]);
});

test("a paragraph without end is cut, and nothing is lost or doubled", () => {
  const text = "word ".repeat(5000) + "\n" + "x".repeat(10_000);
  const blocks = cutAll(text);
  expect(Math.max(...blocks.map((block) => block.end - block.start))).toBeLessThanOrEqual(1_501);
  expect(shown(text, blocks).join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
});

test("a place is found in the block that shows it", () => {
  const text = "One.\n\nTwo.\n\nThree.";
  const blocks = cutAll(text);
  expect(["One", "Two", "Three"].map((word) => blockAt(blocks, text.indexOf(word)))).toEqual([0, 1, 2]);
  expect(blockAt(blocks, 999)).toBe(2);
});

test("a block is divided where ranges begin and end, also when they overlap", () => {
  const pieces = divide({ start: 10, end: 20 }, [
    { start: 5, end: 14 },
    { start: 12, end: 16 },
    { start: 30, end: 40 },
  ]);
  expect(pieces).toEqual([
    { start: 10, end: 12, inside: [0] },
    { start: 12, end: 14, inside: [0, 1] },
    { start: 14, end: 16, inside: [1] },
    { start: 16, end: 20, inside: [] },
  ]);
});

test("finding ignores case and line breaks, and signs mean themselves", () => {
  const text = "The valve\nopens. THE VALVE opens (see [1] & a-b)?";
  expect(find(text, "valve opens").map((range) => range.start)).toEqual([4, 21]);
  expect(find(text, "[1] & a-b)?")).toHaveLength(1);
  expect(find(text, "  ")).toEqual([]);
});

test("a place is on the page that began before it", () => {
  expect([0, 9, 10, 25].map((point) => pageAt([0, 10, 20], point))).toEqual([1, 1, 2, 3]);
  expect(pageAt([], 5)).toBeNull();
});

test("lines that a full page broke flow on, and what stood by itself still does", () => {
  const page = [
    "Permission is granted to make and distribute verbatim copies of this document",
    "provided that the copyright notice and this permission notice are preserved",
    "on all copies.",
    "A short line",
    "Permission is granted to copy and distribute modified versions of the document",
    "• under the first condition, which is long enough to fill the line to its end",
    "1. under the second condition, which is long enough to fill the line to its end",
    "3.6.1 Redirecting Input . . . . . . . . . . . . . . . . . . . . . . . . . . . . 39",
    "and so on.",
  ].join("\n");
  const flowing = flow(page);
  expect(flowing).toHaveLength(page.length);
  expect(flowing.split("\n").map((line) => line.slice(0, 22))).toEqual([
    "Permission is granted ",
    "A short line",
    "Permission is granted ",
    "• under the first cond",
    "1. under the second co",
    "3.6.1 Redirecting Inpu",
    "and so on.",
  ]);
  expect(flow("short\nlines\nonly")).toBe("short\nlines\nonly");
});
