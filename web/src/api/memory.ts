import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, part } from "./client";
import { keys } from "./keys";
import { eachList, removeFrom, replaceIn, usePages } from "./pages";
import type { DailyLog, Entry, EntryPatch, EntryResults, Graph, NewEntry } from "./types";

export interface EntryFilter {
  scope?: string;
  category?: string;
  agent?: string;
  tag?: string;
  q?: string;
  includeSuperseded?: boolean;
}

export function useEntries(filter: EntryFilter = {}, options: { enabled?: boolean } = {}) {
  return usePages<Entry>(keys.entries({ ...filter }), "/memory/entries", { ...filter }, options);
}

export function useEntry(id: string | null | undefined) {
  return useQuery({ queryKey: keys.entry(id ?? ""), queryFn: ({ signal }) => api.get<Entry>(`/memory/entries/${part(id!)}`, { signal }), enabled: Boolean(id) });
}

/** All versions of what an entry says. */
export function useEntryHistory(id: string | null | undefined) {
  return useQuery({
    queryKey: keys.entryHistory(id ?? ""),
    queryFn: async ({ signal }) => (await api.get<{ items: Entry[] }>(`/memory/entries/${part(id!)}/history`, { signal })).items,
    enabled: Boolean(id),
  });
}

export interface EntrySearch {
  q: string;
  scope?: string;
  category?: string;
  limit?: number;
  asOf?: string;
}

export function useEntrySearch({ q, scope, category, limit = 50, asOf }: EntrySearch) {
  const query = { q, scope, category, limit, asOf, explain: true };
  return useQuery({
    queryKey: keys.entrySearch(query),
    queryFn: ({ signal }) => api.get<EntryResults>("/memory/search", { query, signal }),
    enabled: q.trim() !== "",
    placeholderData: keepPreviousData,
  });
}

export function useCreateEntry() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (entry: NewEntry) => api.post<Entry>("/memory/entries", entry),
    onSuccess: (entry) => {
      client.setQueryData(keys.entry(entry.id), entry);
      void client.invalidateQueries({ queryKey: ["memory", "list"] });
    },
  });
}

export function usePatchEntry() {
  const client = useQueryClient();
  const put = (entry: Entry) => {
    client.setQueryData(keys.entry(entry.id), entry);
    eachList<Entry>(client, ["memory", "list"], (pages) => replaceIn(pages, entry) ?? pages);
  };
  return useMutation({
    mutationFn: ({ id, patch }: { id: string; patch: EntryPatch }) => api.patch<Entry>(`/memory/entries/${part(id)}`, patch),
    onMutate: ({ id, patch }) => {
      const had = client.getQueryData<Entry>(keys.entry(id));
      if (had) put({ ...had, ...patch });
      return { had };
    },
    onSuccess: (entry) => {
      put(entry);
      void client.invalidateQueries({ queryKey: ["memory"] });
    },
    onError: (_error, _patch, before) => before?.had && put(before.had),
  });
}

export function useDeleteEntry() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/memory/entries/${part(id)}`),
    onSuccess: (_nothing, id) => {
      eachList<Entry>(client, ["memory", "list"], (pages) => removeFrom(pages, id));
      client.removeQueries({ queryKey: keys.entry(id) });
      void client.invalidateQueries({ queryKey: ["memory"] });
    },
  });
}

/** Asks that an entry be erased with every trace of it; someone has to approve. */
export function useForgetEntry() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.post<{ approvalId: string; status: "pending" }>(`/memory/entries/${part(id)}/forget`),
    onSettled: () => client.invalidateQueries({ queryKey: ["approvals"] }),
  });
}

/** Who and what the memory knows, and how it hangs together; without `entity` the most mentioned. */
export function useGraph(entity: string, depth: number) {
  const query = { entity, depth: entity ? depth : undefined };
  return useQuery({
    queryKey: keys.graph(query),
    queryFn: ({ signal }) => api.get<Graph>("/memory/graph", { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** What happened on a day, `date` as YYYY-MM-DD. */
export function useDailyLog(date: string) {
  return useQuery({ queryKey: keys.dailyLog(date), queryFn: ({ signal }) => api.get<DailyLog>("/memory/daily-logs", { query: { date }, signal }) });
}
