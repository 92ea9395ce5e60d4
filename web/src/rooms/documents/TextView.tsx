import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type Ref } from "react";
import { join } from "@/components";
import { blockAt, divide, type Block, type Range } from "./text";
import styles from "./TextView.module.css";

export interface TextViewHandle {
  /** Brings a place into sight: the middle for a passage, the top for a heading or page. */
  show: (unit: number, where: "middle" | "top") => void;
}

export interface TextViewProps {
  label: string;
  text: string;
  blocks: readonly Block[];
  /** The passage that is pointed at. */
  passage: Range | null;
  found: readonly Range[];
  /** Which of `found` is the present one. */
  foundAt: number;
  /** Called with the first place in sight when that changes. */
  onPlace: (unit: number) => void;
  /** Where to begin when nothing is pointed at. */
  initialUnit: number;
  ref?: Ref<TextViewHandle>;
}

/** A text of any length; only the blocks in sight are drawn. */
export function TextView({ label, text, blocks, passage, found, foundAt, onPlace, initialUnit, ref }: TextViewProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);

  useLayoutEffect(() => {
    const box = frame.current;
    if (!box) return;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  // A guess near the truth keeps the scroll bar honest: characters in a line, lines of 24 pixels.
  const perLine = Math.max(20, Math.min(72, width / 8.2));
  const guess = useCallback(
    (at: number) => {
      const block = blocks[at];
      if (!block) return 24;
      let lines = 0;
      for (const line of text.slice(block.start, block.end).split("\n")) lines += Math.max(1, Math.ceil(line.length / perLine));
      return lines * 24 + 14 + (block.page !== null ? 45 : 0) + (block.level !== null ? 14 : 0);
    },
    [blocks, text, perLine],
  );

  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: blocks.length,
    getScrollElement: () => frame.current,
    estimateSize: guess,
    overscan: 10,
    paddingStart: 24,
    paddingEnd: 96,
    scrollPaddingStart: 24,
  });

  const show = useCallback(
    (unit: number, where: "middle" | "top") => {
      const at = blockAt(blocks, unit);
      virtual.scrollToIndex(at, { align: where === "middle" ? "center" : "start" });
      // The block is drawn a moment later; then the very line can be brought into sight.
      let tries = 0;
      const settle = () => {
        const mark = frame.current?.querySelector<HTMLElement>(`[data-unit="${unit}"]`);
        const box = frame.current?.getBoundingClientRect();
        if (where === "middle" && mark && box) {
          const place = mark.getBoundingClientRect();
          if (place.top < box.top + 60 || place.bottom > box.bottom - 60) mark.scrollIntoView({ block: place.height > box.height * 0.6 ? "start" : "center" });
        }
        tries += 1;
        if (tries < 6) requestAnimationFrame(settle);
      };
      requestAnimationFrame(settle);
    },
    [blocks, virtual],
  );
  useImperativeHandle(ref, () => ({ show }), [show]);

  const first = useRef(false);
  useEffect(() => {
    if (first.current || width === 0) return;
    first.current = true;
    if (initialUnit > 0) virtual.scrollToIndex(blockAt(blocks, initialUnit), { align: "start" });
  }, [width, initialUnit, blocks, virtual]);

  // Another width breaks lines elsewhere: what was measured no longer holds, and the reader stays at the same block.
  const measuredFor = useRef(0);
  const topBlock = useRef(0);
  useLayoutEffect(() => {
    if (width === 0 || measuredFor.current === width) return;
    const isFirst = measuredFor.current === 0;
    measuredFor.current = width;
    if (isFirst) return;
    const at = topBlock.current;
    virtual.measure();
    virtual.scrollToIndex(at, { align: "start" });
  }, [width, virtual]);

  const top = virtual.scrollOffset ?? 0;
  const items = virtual.getVirtualItems();
  const topItem = items.find((item) => item.end > top + 60);
  const topUnit = topItem ? (blocks[topItem.index]?.start ?? 0) : 0;
  useEffect(() => {
    if (width > 0) onPlace(topUnit);
  }, [topUnit, onPlace, width]);
  useEffect(() => {
    topBlock.current = topItem?.index ?? 0;
  });

  const ranges = useMemo(() => (passage ? [passage, ...found] : found), [passage, found]);
  const offset = passage ? 1 : 0;

  return (
    <div ref={frame} className={styles.frame} role="region" aria-label={label} tabIndex={0} data-text="">
      <div className={styles.all} style={{ height: virtual.getTotalSize() }}>
        <div className={styles.window} style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map((item) => {
            const block = blocks[item.index];
            if (!block) return null;
            const here = ranges.some((range) => range.start < block.end && range.end > block.start) ? ranges : NONE;
            return (
              <div key={item.key} ref={virtual.measureElement} data-index={item.index} className={styles.place}>
                <BlockView text={text} block={block} ranges={here} passageAt={passage ? 0 : -1} foundAt={here === NONE ? -1 : foundAt + offset} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

const NONE: readonly Range[] = [];

const BlockView = memo(function BlockView({ text, block, ranges, passageAt, foundAt }: { text: string; block: Block; ranges: readonly Range[]; passageAt: number; foundAt: number }) {
  const Level = block.level === null ? "p" : (`h${Math.min(6, block.level + 1)}` as "h2");
  const pieces = ranges.length > 0 ? divide(block, ranges) : [{ start: block.start, end: block.end, inside: [] }];
  return (
    <>
      {block.page !== null && (
        <div className={styles.page} role="separator" aria-label={`Page ${block.page}`}>
          <span className="figures">{block.page}</span>
        </div>
      )}
      {block.end > block.start ? (
        <Level dir="auto" className={join(styles.block, block.level !== null && styles.heading, block.level === 1 && styles.top)}>
          {pieces.map((piece) => {
            const words = text.slice(piece.start, piece.end);
            if (piece.inside.length === 0) return words;
            const isPassage = piece.inside.includes(passageAt);
            const isPresent = piece.inside.includes(foundAt);
            const isFound = piece.inside.some((at) => at !== passageAt);
            return (
              <mark
                key={piece.start}
                className={join(isPassage && styles.passage, isFound && styles.found, isPresent && styles.present)}
                data-unit={piece.start}
                data-passage={isPassage || undefined}
              >
                {words}
              </mark>
            );
          })}
        </Level>
      ) : (
        <p className={styles.blank}>No text on this page</p>
      )}
    </>
  );
});
