import { useQuery } from "@tanstack/react-query";
import { api } from "./client";
import { keys } from "./keys";
import type { Health, Page, Tool, Version } from "./types";

export function useHealth() {
  return useQuery({ queryKey: keys.health, queryFn: ({ signal }) => api.get<Health>("/health", { signal }), staleTime: 10_000 });
}

export function useVersion() {
  return useQuery({ queryKey: keys.version, queryFn: ({ signal }) => api.get<Version>("/version", { signal }), staleTime: Infinity });
}

export function useTools() {
  return useQuery({ queryKey: keys.tools, queryFn: async ({ signal }) => (await api.get<Page<Tool>>("/tools", { signal })).items });
}
