import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Link } from "wouter";
import styles from "./List.module.css";
import { join } from "./join";

export interface ListProps<T> {
  /** What the rows are: "Chats". */
  label: string;
  items: readonly T[];
  getKey: (item: T) => string;
  /** Where a row leads. Rows are links, so that they can be opened in a new tab. */
  href: (item: T) => string;
  selectedKey?: string | null;
  /** Height of a row in pixels; with `isVariable` only a first guess. */
  rowHeight: number;
  isVariable?: boolean;
  children: (item: T, isSelected: boolean) => ReactNode;
  /** Buttons at a row's end; they show on hover and focus, and always where there is no pointer to hover with. */
  actions?: (item: T) => ReactNode;
  /** What stands in the row's place while it is being edited; null while it is not. */
  editing?: (item: T) => ReactNode;
  /** Rows of one group stand under one heading: "Today". Items must come sorted by it. */
  group?: (item: T) => string;
  /** The Delete key on a row. */
  onDelete?: (item: T) => void;
  /** F2 on a row. */
  onRename?: (item: T) => void;
  /** How many there are in all, when more can be fetched. */
  total?: number | null;
  hasMore?: boolean;
  onMore?: () => void;
  className?: string;
}

type Row<T> = { kind: "group"; key: string; label: string } | { kind: "item"; key: string; item: T; position: number };

const GROUP_HEIGHT = 30;

/** A long list of links: only what is in sight is drawn. J and K or the arrows move, Enter opens, Home and End jump. */
export function List<T>(props: ListProps<T>) {
  const {
    label,
    items,
    getKey,
    href,
    selectedKey = null,
    rowHeight,
    isVariable,
    children,
    actions,
    editing,
    group,
    onDelete,
    onRename,
    total,
    hasMore,
    onMore,
    className,
  } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [activeKey, setActiveKey] = useState<string | null>(selectedKey);
  const wantsFocus = useRef(false);

  const rows = useMemo(() => {
    const made: Row<T>[] = [];
    let last: string | null = null;
    items.forEach((item, position) => {
      const name = group?.(item) ?? null;
      if (name !== null && name !== last) made.push({ kind: "group", key: `group:${name}`, label: name });
      last = name;
      made.push({ kind: "item", key: getKey(item), item, position });
    });
    return made;
    // getKey and group are functions of the item alone
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [items]);

  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: (at) => (rows[at]?.kind === "group" ? GROUP_HEIGHT : rowHeight),
    getItemKey: (at) => rows[at]?.key ?? at,
    overscan: 8,
  });

  useEffect(() => virtual.measure(), [virtual, rowHeight]);

  const at = (key: string | null) => rows.findIndex((row) => row.kind === "item" && row.key === key);
  const activeAt = at(activeKey) >= 0 ? at(activeKey) : at(selectedKey) >= 0 ? at(selectedKey) : rows.findIndex((row) => row.kind === "item");

  // What is opened from elsewhere comes into sight.
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (!selectedKey || shown.current === selectedKey) return;
    const place = rows.findIndex((row) => row.key === selectedKey);
    if (place < 0) return;
    shown.current = selectedKey;
    setActiveKey(selectedKey);
    virtual.scrollToIndex(place, { align: "auto" });
  }, [selectedKey, rows, virtual]);

  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    const link = frame.current?.querySelector<HTMLElement>('[data-active="true"]');
    if (!link) return;
    wantsFocus.current = false;
    link.focus({ preventScroll: true });
  });

  const range = virtual.range;
  useEffect(() => {
    if (hasMore && range && range.endIndex >= rows.length - 12) onMore?.();
  }, [hasMore, range, rows.length, onMore]);

  const move = (from: number, by: number) => {
    let next = from;
    for (let left = Math.abs(by); left > 0;) {
      const step = next + Math.sign(by);
      if (step < 0 || step >= rows.length) break;
      next = step;
      if (rows[next]?.kind === "item") left -= 1;
    }
    if (rows[next]?.kind !== "item") next = from;
    go(next);
  };

  const go = (place: number) => {
    const row = rows[place];
    if (row?.kind !== "item") return;
    wantsFocus.current = true;
    setActiveKey(row.key);
    virtual.scrollToIndex(place, { align: "auto" });
    // The row may be the active one already, or not yet drawn: either way a draw follows.
    frame.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(row.key)}"]`)?.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target as HTMLElement).closest("input, textarea, [role=menu]")) return;
    const page = Math.max(1, Math.floor((frame.current?.clientHeight ?? 400) / rowHeight) - 1);
    const row = rows[activeAt];
    const acts: Record<string, () => void> = {
      j: () => move(activeAt, 1),
      ArrowDown: () => move(activeAt, 1),
      k: () => move(activeAt, -1),
      ArrowUp: () => move(activeAt, -1),
      PageDown: () => move(activeAt, page),
      PageUp: () => move(activeAt, -page),
      Home: () => go(rows.findIndex((one) => one.kind === "item")),
      End: () => go(rows.length - 1),
      ...(row?.kind === "item" && onDelete ? { Delete: () => onDelete(row.item) } : {}),
      ...(row?.kind === "item" && onRename ? { F2: () => onRename(row.item) } : {}),
    };
    const act = acts[event.key];
    if (!act || event.shiftKey) return;
    event.preventDefault();
    act();
  };

  return (
    <div ref={frame} className={join(styles.frame, className)} data-list="" onKeyDown={onKeyDown}>
      <ul aria-label={label} className={styles.rows} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((place) => {
          const row = rows[place.index];
          if (!row) return null;
          const position = { transform: `translateY(${place.start}px)`, ...(isVariable && row.kind === "item" ? {} : { height: place.size }) };
          if (row.kind === "group") {
            return (
              <li key={row.key} className={styles.group} style={position}>
                {row.label}
              </li>
            );
          }
          const isActive = place.index === activeAt;
          const isSelected = row.key === selectedKey;
          const edited = editing?.(row.item) ?? null;
          return (
            <li
              key={row.key}
              ref={isVariable ? virtual.measureElement : undefined}
              data-index={place.index}
              className={join(styles.row, isSelected && styles.selected)}
              style={position}
              aria-setsize={total ?? (hasMore ? -1 : items.length)}
              aria-posinset={row.position + 1}
            >
              {edited ?? (
                <Link
                  href={href(row.item)}
                  className={styles.link}
                  data-active={isActive}
                  data-key={row.key}
                  tabIndex={isActive ? 0 : -1}
                  aria-current={isSelected ? "page" : undefined}
                  onFocus={() => setActiveKey(row.key)}
                >
                  {children(row.item, isSelected)}
                </Link>
              )}
              {actions && edited === null && <div className={styles.actions}>{actions(row.item)}</div>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
