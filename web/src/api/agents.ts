import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, part } from "./client";
import { keys } from "./keys";
import { readAll } from "./pages";
import type { Agent, AgentText, AgentTools } from "./types";

export function useAgents() {
  return useQuery({ queryKey: keys.agents(), queryFn: ({ signal }) => readAll<Agent>("/agents", {}, signal) });
}

export function useAgent(id: string | null | undefined) {
  return useQuery({ queryKey: keys.agent(id ?? ""), queryFn: ({ signal }) => api.get<Agent>(`/agents/${part(id!)}`, { signal }), enabled: Boolean(id) });
}

export function useCreateAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (agent: Partial<Agent> & { name: string }) => api.post<Agent>("/agents", agent),
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
  });
}

export function usePatchAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, patch }: { id: string; patch: Partial<Agent> }) => api.patch<Agent>(`/agents/${part(id)}`, patch),
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
  });
}

export function useDeleteAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/agents/${part(id)}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["agents"] }),
  });
}

/** One of the agent's Markdown files. */
export function useAgentText(id: string, which: "soul" | "boot" | "heartbeat") {
  return useQuery({ queryKey: keys.agentText(id, which), queryFn: ({ signal }) => api.get<AgentText>(`/agents/${part(id)}/${which}`, { signal }) });
}

/** Saves one of the agent's files; a 409 means that an editor changed it since `etag`. */
export function useSaveAgentText(id: string, which: "soul" | "boot" | "heartbeat") {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ content, etag }: { content: string; etag?: string }) =>
      api.put<AgentText>(`/agents/${part(id)}/${which}`, { content }, { headers: etag ? { "If-Match": etag } : {} }),
    onSuccess: (text) => client.setQueryData(keys.agentText(id, which), text),
  });
}

export function useAgentTools(id: string) {
  return useQuery({ queryKey: keys.agentTools(id), queryFn: ({ signal }) => api.get<AgentTools>(`/agents/${part(id)}/tools`, { signal }) });
}

export function useSaveAgentTools(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (tools: { allow: string[]; deny: string[] }) => api.put<AgentTools>(`/agents/${part(id)}/tools`, tools),
    onSuccess: (tools) => client.setQueryData(keys.agentTools(id), tools),
  });
}
