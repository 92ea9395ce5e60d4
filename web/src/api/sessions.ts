/** Chats: sessions, their messages, and what is said in them. */
import { skipToken, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, part } from "./client";
import { keys } from "./keys";
import { eachList, readAll, removeFrom, replaceIn, usePages } from "./pages";
import { placeInStream, withStreamed } from "./sync";
import type { Accepted, Message, NewMessage, Session, TurnStep } from "./types";

export interface SessionFilter {
  q?: string;
  status?: Session["status"];
  agent?: string;
}

export function useSessions(filter: SessionFilter = {}) {
  return usePages<Session>(keys.sessions({ ...filter }), "/sessions", { ...filter }, { limit: 100 });
}

export function useSession(id: string | null | undefined) {
  return useQuery({ queryKey: keys.session(id ?? ""), queryFn: ({ signal }) => api.get<Session>(`/sessions/${part(id!)}`, { signal }), enabled: Boolean(id) });
}

/** All messages of a session, oldest first, growing while an answer is written. */
export function useMessages(sessionId: string | null | undefined) {
  return useQuery({
    queryKey: keys.messages(sessionId ?? ""),
    queryFn: async ({ signal }) => {
      const place = placeInStream();
      return withStreamed(await readAll<Message>(`/sessions/${part(sessionId!)}/messages`, {}, signal), sessionId!, place);
    },
    enabled: Boolean(sessionId),
  });
}

const NO_STEPS: TurnStep[] = [];

/** The steps of an answer that is being written now; empty for answers from before this page was opened. */
export function useTurnSteps(messageId: string): TurnStep[] {
  return useQuery<TurnStep[]>({ queryKey: keys.steps(messageId), queryFn: skipToken }).data ?? NO_STEPS;
}

/** Says something. What the person wrote shows when the server has it: `message.created` comes with the answer to this call. */
export function useSendMessage() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (message: NewMessage) => api.post<Accepted>("/chat", message),
    onSuccess: ({ sessionId }) => client.invalidateQueries({ queryKey: keys.messages(sessionId) }),
  });
}

export function usePatchSession() {
  const client = useQueryClient();
  const put = (session: Session) => {
    client.setQueryData(keys.session(session.id), session);
    eachList<Session>(client, ["sessions", "list"], (pages) => replaceIn(pages, session) ?? pages);
  };
  return useMutation({
    mutationFn: ({ id, ...patch }: { id: string; title?: string; status?: Session["status"] }) => api.patch<Session>(`/sessions/${part(id)}`, patch),
    onMutate: ({ id, ...patch }) => {
      const had = client.getQueryData<Session>(keys.session(id));
      if (had) put({ ...had, ...patch });
      return { had };
    },
    onSuccess: put,
    onError: (_error, _patch, before) => before?.had && put(before.had),
  });
}

/** A new session with this one's history: up to and with `fromMessageId`, or up to and without `beforeMessageId` (to say that message differently). */
export function useForkSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...from }: { id: string; fromMessageId?: string; beforeMessageId?: string }) => api.post<Session>(`/sessions/${part(id)}/fork`, from),
    onSuccess: () => client.invalidateQueries({ queryKey: ["sessions", "list"] }),
  });
}

export function useDeleteSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => api.delete(`/sessions/${part(id)}`, { query: { force: true } }),
    onSuccess: (_nothing, id) => {
      eachList<Session>(client, ["sessions", "list"], (pages) => removeFrom(pages, id));
      client.removeQueries({ queryKey: keys.session(id) });
      client.removeQueries({ queryKey: keys.messages(id) });
    },
  });
}
