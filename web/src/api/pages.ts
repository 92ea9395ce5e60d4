/** Lists that come page by page, and how an event changes the pages already here. */
import { useInfiniteQuery, type InfiniteData, type QueryClient, type QueryKey } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, type ApiError, type Query } from "./client";
import type { Page } from "./types";

export type Pages<T> = InfiniteData<Page<T>, string | null>;

export const PAGE_SIZE = 200;

/** A list by pages: `items` are those fetched so far, `total` how many there are (null: the server did not say and more are to come). */
export function usePages<T>(queryKey: QueryKey, path: string, filter: Query = {}, options: { enabled?: boolean; limit?: number } = {}) {
  const query = useInfiniteQuery<Page<T>, ApiError, Pages<T>, QueryKey, string | null>({
    queryKey,
    queryFn: ({ pageParam, signal }) => api.get<Page<T>>(path, { query: { ...filter, limit: options.limit ?? PAGE_SIZE, cursor: pageParam }, signal }),
    initialPageParam: null,
    getNextPageParam: (last) => (last.hasMore ? last.nextCursor : null),
    enabled: options.enabled,
  });
  const pages = query.data?.pages;
  const items = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages]);
  const told = pages?.[0]?.total;
  const total = told ?? (query.hasNextPage ? null : items.length);
  return { ...query, items, total };
}

/** Every item of a list, however many pages it takes. */
export async function readAll<T>(path: string, filter: Query, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await api.get<Page<T>>(path, { query: { ...filter, limit: PAGE_SIZE, cursor }, signal });
    items.push(...page.items);
    cursor = page.hasMore ? page.nextCursor : null;
  } while (cursor);
  return items;
}

interface HasId {
  id: string;
}

/** Puts `item` in place of the one with its id; null when it is on none of these pages. */
export function replaceIn<T extends HasId>(pages: Pages<T>, item: T): Pages<T> | null {
  let found = false;
  const next = pages.pages.map((page) => {
    const at = page.items.findIndex((one) => one.id === item.id);
    if (at < 0) return page;
    found = true;
    return { ...page, items: page.items.with(at, item) };
  });
  return found ? { ...pages, pages: next } : null;
}

/** Takes the item away; the same pages when it was on none. */
export function removeFrom<T extends HasId>(pages: Pages<T>, id: string): Pages<T> {
  const had = pages.pages.some((page) => page.items.some((one) => one.id === id));
  if (!had) return pages;
  const next = pages.pages.map((page) => ({ ...page, items: page.items.filter((one) => one.id !== id) }));
  return { ...pages, pages: countOff(next, -1) };
}

/** Puts a new item before all others. */
export function prependTo<T extends HasId>(pages: Pages<T>, item: T): Pages<T> {
  const [first, ...others] = pages.pages;
  if (!first) return pages;
  return { ...pages, pages: countOff([{ ...first, items: [item, ...first.items] }, ...others], 1) };
}

function countOff<T>(pages: Page<T>[], by: number): Page<T>[] {
  return pages.map((page) => (typeof page.total === "number" ? { ...page, total: Math.max(0, page.total + by) } : page));
}

/** True when a list was asked for without any filter: then a new item belongs to it. */
export function isUnfiltered(key: QueryKey): boolean {
  const filter = key[2] as Query | undefined;
  return !filter || Object.values(filter).every((value) => value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0));
}

/** Changes every cached list under `prefix`. */
export function eachList<T>(client: QueryClient, prefix: QueryKey, change: (pages: Pages<T>, key: QueryKey) => Pages<T>): void {
  for (const [key, pages] of client.getQueriesData<Pages<T>>({ queryKey: prefix })) {
    if (!pages) continue;
    const next = change(pages, key);
    if (next !== pages) client.setQueryData(key, next);
  }
}
