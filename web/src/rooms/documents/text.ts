/** A document's text, cut into blocks that can be drawn one by one, and the places in it. */
import type { Heading } from "@/api";

/**
 * Turns the server's positions into JavaScript's and back. The server counts code points, JavaScript UTF-16 units: they part at the first emoji.
 * Every `STEP` units the count is kept, so that a lookup reads at most that many.
 */
export class Positions {
  private readonly marks: number[] | null;
  private static readonly STEP = 1024;

  constructor(private readonly text: string) {
    this.marks = /[\ud800-\udbff]/.test(text) ? this.count() : null;
  }

  /** Where in the text the character with this number stands. */
  unit(point: number): number {
    const end = this.text.length;
    if (point <= 0) return 0;
    if (!this.marks) return Math.min(point, end);
    let low = 0;
    let high = this.marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.marks[middle]! <= point) low = middle;
      else high = middle - 1;
    }
    let unit = low * Positions.STEP;
    let points = this.marks[low]!;
    // A step may begin in the middle of a pair: its second half was counted with the first.
    if (isSecondHalf(this.text, unit)) unit += 1;
    while (points < point && unit < end) {
      unit += isPair(this.text, unit) ? 2 : 1;
      points += 1;
    }
    return Math.min(unit, end);
  }

  /** The number of the character at this place. */
  point(unit: number): number {
    const place = Math.max(0, Math.min(unit, this.text.length));
    if (!this.marks) return place;
    const mark = Math.floor(place / Positions.STEP);
    let at = mark * Positions.STEP;
    let points = this.marks[mark]!;
    if (isSecondHalf(this.text, at)) at += 1;
    while (at < place) {
      at += isPair(this.text, at) ? 2 : 1;
      points += 1;
    }
    return points;
  }

  private count(): number[] {
    const marks: number[] = [];
    let points = 0;
    for (let unit = 0; unit <= this.text.length; unit++) {
      if (unit % Positions.STEP === 0) marks.push(points);
      if (!isSecondHalf(this.text, unit)) points += 1;
    }
    return marks;
  }
}

function isPair(text: string, unit: number): boolean {
  const code = text.charCodeAt(unit);
  return code >= 0xd800 && code <= 0xdbff && isLow(text.charCodeAt(unit + 1));
}

function isSecondHalf(text: string, unit: number): boolean {
  return unit > 0 && isLow(text.charCodeAt(unit)) && isPair(text, unit - 1);
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

export interface Block {
  start: number;
  end: number;
  /** The number of the page that begins with this block. */
  page: number | null;
  level: number | null;
}

export interface Range {
  start: number;
  end: number;
}

/** A block is at most about this long, so that drawing one costs little however the file was written. */
const LONG = 1_500;

/** Cuts a text at blank lines, pages and headings; places are UTF-16 units. Whatever no reader would see between blocks belongs to none. */
export function cut(text: string, pageStarts: readonly number[], headings: readonly Heading[], positions: Positions): Block[] {
  const pages = new Map<number, number>();
  // A page without text begins where the next one does: the last wins, and it is the one with the text.
  pageStarts.forEach((point, index) => pages.set(positions.unit(point), index + 1));
  const levels = new Map(headings.map((heading) => [positions.unit(heading.start), heading.level]));
  const borders = [...new Set([0, ...pages.keys(), ...levels.keys()])].filter((at) => at < text.length).sort((a, b) => a - b);
  const blocks: Block[] = [];
  borders.forEach((border, index) => {
    const end = borders[index + 1] ?? text.length;
    let page = pages.get(border) ?? null;
    let level = levels.get(border) ?? null;
    for (const piece of pieces(text, border, end, level !== null)) {
      blocks.push({ ...piece, page, level });
      page = null;
      level = null;
    }
    if (page !== null) blocks.push({ start: border, end: border, page, level: null });
  });
  return blocks;
}

function* pieces(text: string, start: number, end: number, beginsWithHeading: boolean): Generator<Range> {
  let at = start;
  let isHeading = beginsWithHeading;
  while (at < end) {
    // Skip blank lines, but keep the indent of the first line that has something.
    const gap = /^(?:[^\S\n]*\n)+/.exec(text.slice(at, Math.min(end, at + 4_000)));
    if (gap) {
      at += gap[0].length;
      continue;
    }
    const line = text.indexOf("\n", at);
    let stop = Math.min(end, isHeading && line >= 0 ? line : nextBlankLine(text, at, end));
    isHeading = false;
    if (stop - at > LONG) stop = goodCut(text, at, stop);
    const shown = trimEnd(text, at, stop);
    if (shown > at) yield { start: at, end: shown };
    at = stop;
    if (text[at] === "\n") at += 1;
  }
}

function nextBlankLine(text: string, from: number, end: number): number {
  const search = /\n[^\S\n]*\n/g;
  search.lastIndex = from;
  const found = search.exec(text.length - from > 20_000 ? text.slice(0, Math.min(end, from + LONG * 4)) : text);
  return found ? found.index : end;
}

function goodCut(text: string, from: number, to: number): number {
  const limit = Math.min(to, from + LONG);
  for (const sign of ["\n", ". ", " "]) {
    const at = text.lastIndexOf(sign, limit);
    if (at > from + LONG / 2) return at + (sign === ". " ? 2 : 1);
  }
  return isPair(text, limit - 1) ? limit + 1 : limit;
}

function trimEnd(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && /\s/.test(text[end - 1]!)) end -= 1;
  return end;
}

/**
 * Text taken from pages breaks where the page was full, not where a thought ends. Such breaks become spaces; those before list items, headings and after short
 * lines stay. Every character keeps its place: only line breaks change, each into one space.
 */
export function flow(text: string): string {
  const lines = text.split("\n");
  const widths = lines.map((line) => (LEADERS.test(line) ? 0 : line.trimEnd().length));
  let flowing = lines[0] ?? "";
  for (let at = 1; at < lines.length; at++) {
    const before = lines[at - 1]!;
    const line = lines[at]!;
    // How wide the column is, by the lines around: a page may have several, and pages differ. The third widest, since a long address or a formula sticks out.
    const around = widths.slice(Math.max(0, at - NEAR), at + NEAR).sort((a, b) => b - a);
    const full = around[Math.min(2, around.length - 1)]!;
    const isWrapped =
      full >= 40 &&
      before.trimEnd().length >= full * 0.75 &&
      !LEADERS.test(before) &&
      !LEADERS.test(line) &&
      /^\p{L}|^[("'“‘«]?\p{L}/u.test(line) &&
      !NUMBERED.test(line) &&
      !(/[.:!?]["'”’»)]?\s*$/.test(before) && before.trimEnd().length < full * 0.9);
    flowing += (isWrapped ? " " : "\n") + line;
  }
  return flowing;
}

/** So many lines before and after tell how wide a column is. */
const NEAR = 8;

/** Dots that lead to a page number, as in a table of contents. */
const LEADERS = /(\. ?){4,}/;
const NUMBERED = /^(\(?[\dA-Za-z]{1,3}[.)]\s|\d+(\.\d+)+\s)/;

/** The block that shows a place, or the next one after it. */
export function blockAt(blocks: readonly Block[], unit: number): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (blocks[middle]!.end <= unit) low = middle + 1;
    else high = middle;
  }
  return Math.min(low, Math.max(0, blocks.length - 1));
}

/** A stretch of a block, all of it inside or outside of each range. */
export interface Piece {
  start: number;
  end: number;
  /** Which of the ranges hold it, by their place in the list. */
  inside: number[];
}

/** Divides a block where ranges begin and end. */
export function divide(block: Range, ranges: readonly Range[]): Piece[] {
  const here = ranges.map((range, index) => ({ ...range, index })).filter((range) => range.start < block.end && range.end > block.start);
  const borders = new Set([block.start, block.end]);
  for (const range of here) {
    borders.add(Math.max(block.start, range.start));
    borders.add(Math.min(block.end, range.end));
  }
  const sorted = [...borders].sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => {
    const start = sorted[index]!;
    return { start, end, inside: here.filter((range) => range.start <= start && range.end >= end).map((range) => range.index) };
  });
}

export const MOST_FOUND = 5_000;

/** Where the words stand, whatever their case and however the space between them is written. */
export function find(text: string, words: string): Range[] {
  const wanted = words.trim();
  if (!wanted) return [];
  const pattern = wanted
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
    .join("\\s+");
  const found: Range[] = [];
  for (const match of text.matchAll(new RegExp(pattern, "giu"))) {
    found.push({ start: match.index, end: match.index + match[0].length });
    if (found.length >= MOST_FOUND) break;
  }
  return found;
}

/** The page that a place is on, counted from 1; null when the document has no pages. */
export function pageAt(pageStarts: readonly number[], point: number): number | null {
  if (pageStarts.length === 0) return null;
  let low = 0;
  let high = pageStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pageStarts[middle]! <= point) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

/** Whether text runs from right to left, by its first letter that has a direction. */
export function isRtl(text: string): boolean {
  const letter = /[\p{L}]/u.exec(text)?.[0];
  return letter !== undefined && /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(letter);
}
