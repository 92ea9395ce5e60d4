/** The cache in front of the server. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: ApiError;
  }
}

/** Worth another try: the server did not answer, or said "later". What it refused, it would refuse again. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.isUnreachable || error.status === 429 || error.status === 502 || error.status === 503);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The server is on this machine: "offline" says nothing about it.
        networkMode: "always",
        // Events keep the cache true; what is older than this is read again when looked at.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && isPassing(error),
        retryDelay: (failures, error) => Math.max((error instanceof ApiError ? (error.retryAfterS ?? 0) : 0) * 1000, 400 * 2 ** failures),
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}
