import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, part } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";
import type { Task } from "./types";

export function useActiveTasks() {
  return usePages<Task>(keys.tasksActive, "/tasks/active");
}

export function useTaskHistory(filter: { status?: string; agent?: string; from?: string; to?: string; q?: string } = {}) {
  return usePages<Task>(keys.tasksHistory({ ...filter }), "/tasks/history", { ...filter });
}

export function useTask(id: string | null | undefined) {
  return useQuery({ queryKey: keys.task(id ?? ""), queryFn: ({ signal }) => api.get<Task>(`/tasks/${part(id!)}`, { signal }), enabled: Boolean(id) });
}

export function useCancelTask() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.post<Task>(`/tasks/${part(id)}/cancel`),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tasks"] }),
  });
}
