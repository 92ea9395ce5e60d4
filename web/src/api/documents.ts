import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { address, api, part } from "./client";
import { keys } from "./keys";
import { eachList, removeFrom, usePages } from "./pages";
import type { Comparison, Document, DocumentText, Extracting, Extraction, PassageResults, Summary } from "./types";

export interface DocumentFilter {
  q?: string;
  status?: string;
  tag?: string;
}

/** As much of a text as the server sends at once; longer ones say that they are cut. */
const WHOLE = 10_000_000;

export function useDocuments(filter: DocumentFilter = {}) {
  return usePages<Document>(keys.documents({ ...filter }), "/documents", { ...filter });
}

/** A document with its whole text. */
export function useDocument(id: string | null | undefined) {
  return useQuery({
    queryKey: keys.document(id ?? ""),
    queryFn: ({ signal }) => api.get<DocumentText>(`/documents/${part(id!)}`, { query: { maxChars: WHOLE }, signal }),
    enabled: Boolean(id),
  });
}

/** Where the original file is. */
export function originalAddress(id: string): string {
  return address(`/documents/${part(id)}/raw`);
}

export interface PassageSearch {
  q: string;
  documentId?: string;
  limit?: number;
}

export function usePassages({ q, documentId, limit = 30 }: PassageSearch) {
  const query = { q, documentId, limit, explain: true };
  return useQuery({
    queryKey: keys.passages(query),
    queryFn: ({ signal }) => api.get<PassageResults>("/documents/search", { query, signal }),
    enabled: q.trim() !== "",
    placeholderData: keepPreviousData,
  });
}

export function useDeleteDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/documents/${part(id)}`),
    onSuccess: (_nothing, id) => {
      eachList<Document>(client, ["documents", "list"], (pages) => removeFrom(pages, id));
      client.removeQueries({ queryKey: keys.document(id) });
      void client.invalidateQueries({ queryKey: ["documents", "passages"] });
    },
  });
}

/** Reads a document again, for instance after it failed. */
export function useReprocessDocument() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.post<Document>(`/documents/${part(id)}/reprocess`),
    onSuccess: (_document, id) => {
      void client.invalidateQueries({ queryKey: keys.document(id) });
      void client.invalidateQueries({ queryKey: ["documents", "list"] });
    },
  });
}

export function useSummarize(id: string) {
  return useMutation({ mutationFn: (options: { style?: string; maxWords?: number }) => api.post<Summary>(`/documents/${part(id)}/summarize`, options) });
}

export function useExtract(id: string) {
  return useMutation({ mutationFn: (wanted: Extracting) => api.post<Extraction>(`/documents/${part(id)}/extract`, wanted) });
}

/** What documents have in common and where they differ. A query, since its answer has an address that Back returns to. */
export function useComparison(documentIds: readonly string[], question: string) {
  return useQuery({
    queryKey: ["documents", "comparison", documentIds, question],
    queryFn: ({ signal }) => api.post<Comparison>("/documents/compare", { documentIds, ...(question ? { question } : {}) }, { signal }),
    enabled: documentIds.length >= 2,
    staleTime: Infinity,
    retry: false,
  });
}
