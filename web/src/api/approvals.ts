import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, part } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";
import type { Approval } from "./types";

export function useApprovals() {
  return usePages<Approval>(keys.approvals, "/approvals");
}

export function useApprovalHistory() {
  return usePages<Approval>(keys.approvalsHistory(), "/approvals/history");
}

export function useApproval(id: string | null | undefined) {
  return useQuery({ queryKey: keys.approval(id ?? ""), queryFn: ({ signal }) => api.get<Approval>(`/approvals/${part(id!)}`, { signal }), enabled: Boolean(id) });
}

export type Decision = { id: string; reason?: string } & ({ verdict: "approve" | "reject" } | { verdict: "edit"; parameters: Record<string, unknown> });

export function useDecide() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (decision: Decision) =>
      api.post<Approval>(`/approvals/${part(decision.id)}/${decision.verdict}`, {
        ...(decision.reason ? { reason: decision.reason } : {}),
        ...(decision.verdict === "edit" ? { parameters: decision.parameters } : {}),
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["approvals"] }),
  });
}
