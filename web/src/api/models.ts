import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, part } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";
import type { Model, Models, NewProvider, Outgoing, Provider, ProviderPatch, ProviderTest } from "./types";

export function useModels() {
  return useQuery({ queryKey: keys.models, queryFn: ({ signal }) => api.get<Models>("/models", { signal }) });
}

/** `pull`, `cancel`, `use` or `delete` of a model by its id. */
export function useModelAction(verb: "pull" | "cancel" | "use" | "delete") {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (model: string) => api.post<Model | undefined>(`/models/${verb}`, { model }),
    onSuccess: (model) => {
      if (model?.id)
        client.setQueryData<Models>(keys.models, (models) => models && { ...models, items: models.items.map((one) => (one.id === model.id ? model : one)) });
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.models }),
  });
}

/** Takes a model from a file or folder on this machine, instead of fetching it. `path` is its full path there. */
export function useModelFromFile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (path: string) => api.post<Model>("/models/pull", { model: "", from: path }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.models }),
  });
}

export function useProviders() {
  return useQuery({ queryKey: keys.providers, queryFn: async ({ signal }) => (await api.get<{ items: Provider[] }>("/providers", { signal })).items });
}

function useProvidersChanged() {
  const client = useQueryClient();
  return () => {
    void client.invalidateQueries({ queryKey: keys.models });
    return client.invalidateQueries({ queryKey: keys.providers });
  };
}

export function useAddProvider() {
  return useMutation({ mutationFn: (provider: NewProvider) => api.post<Provider>("/providers", provider), onSuccess: useProvidersChanged() });
}

export function usePatchProvider() {
  return useMutation({
    mutationFn: ({ id, ...patch }: { id: string } & ProviderPatch) => api.patch<Provider>(`/providers/${part(id)}`, patch),
    onSuccess: useProvidersChanged(),
  });
}

export function useDeleteProvider() {
  return useMutation({ mutationFn: (id: string) => api.delete(`/providers/${part(id)}`), onSuccess: useProvidersChanged() });
}

/** Calls the provider once and tells how that went. */
export function useTestProvider() {
  return useMutation({ mutationFn: (id: string) => api.post<ProviderTest>(`/providers/${part(id)}/test`), onSettled: useProvidersChanged() });
}

/** Every connection that the program made to the outside, the latest first. */
export function useOutgoing() {
  return usePages<Outgoing>(keys.outgoing, "/egress", {}, { limit: 100 });
}
