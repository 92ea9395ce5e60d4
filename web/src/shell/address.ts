/** The address bar is the state: rooms, selections, filters and open inspectors are read from it and written to it, nowhere else. */
import { useCallback } from "react";
import { useLocation, useSearch } from "wouter";

/** Where the UI lives on the server. Addresses inside the UI are written without it: "/documents/doc_1". */
export const BASE = "/ui";

export type Params = Record<string, string | number | boolean | null | undefined>;

/** `path` with `params`; empty ones are left out. */
export function href(path: string, params: Params = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) search.set(name, String(value));
  }
  const text = search.toString();
  return path + (text ? `?${text}` : "");
}

/** True for what the server answers itself: downloads, API pages. */
export function isServerAddress(to: string): boolean {
  return /^([a-z]+:|\/(api|docs|redoc|swagger|openapi\.json)\b|\/ui\/.+\.txt$)/.test(to);
}

export interface Going {
  /** In place of the present entry: for what Back should not stop at, such as each letter of a search. */
  replace?: boolean;
}

export function useGo(): (to: string, going?: Going) => void {
  const [, go] = useLocation();
  return useCallback((to, going) => (isServerAddress(to) ? window.location.assign(to) : go(to, { replace: going?.replace })), [go]);
}

export function usePath(): string {
  return useLocation()[0];
}

/** Changes some of the present address's parameters; null takes one away. */
export function useSetParams(): (change: Params, going?: Going) => void {
  const [, go] = useLocation();
  return useCallback(
    (change, going) => {
      // What the address says now, not what it said when this was drawn: two changes in one moment must both count.
      const search = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(change)) {
        if (value === null || value === undefined || value === "" || value === false) search.delete(name);
        else search.set(name, String(value));
      }
      const text = search.toString();
      const path = window.location.pathname.slice(BASE.length) || "/";
      go(path + (text ? `?${text}` : ""), { replace: going?.replace });
    },
    [go],
  );
}

/** One parameter of the address, and how to change it: `const [q, setQ] = useParam("q")`. */
export function useParam(name: string): [string | null, (value: string | null, going?: Going) => void] {
  const value = new URLSearchParams(useSearch()).get(name);
  const setParams = useSetParams();
  const set = useCallback((next: string | null, going?: Going) => setParams({ [name]: next }, going), [name, setParams]);
  return [value, set];
}

/** What the inspector shows, as "kind:id": `?inspect=trace:msg_1`. */
export function useInspect(): { kind: string; id: string; open: (kind: string, id: string) => void; close: () => void } {
  const [value, set] = useParam("inspect");
  const [kind = "", ...rest] = (value ?? "").split(":");
  const open = useCallback((nextKind: string, id: string) => set(`${nextKind}:${id}`), [set]);
  const close = useCallback(() => set(null), [set]);
  return { kind, id: rest.join(":"), open, close };
}
