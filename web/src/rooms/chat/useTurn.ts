/** What a chat does at the moment: whether an answer is being written, and how to say, stop and repeat things. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { ApiError, useActiveTasks, useCancelTask, useForkSession, useMessages, useSendMessage, useTask, type Message, type Task } from "@/api";
import { toastError } from "@/components";
import { useGo } from "@/shell/address";
import { findUnsent, keepUnsent, NEW, outbox, useOutgoing, type Outgoing } from "./outbox";

export interface Chat {
  messages: Message[];
  /** Sent and not yet among the messages. */
  outgoing: Outgoing | null;
  /** The answer that is being written, from the moment of sending until its end. */
  isRunning: boolean;
  task: Task | null;
  send: (content: string, attachments?: string[], agentId?: string) => Promise<boolean>;
  /** Says a message again, differently, in a copy of the chat that ends before it. */
  resend: (message: Message, content: string) => Promise<boolean>;
  stop: () => void;
  dropOutgoing: () => void;
}

function saidBy(messages: readonly Message[]): number {
  return messages.filter((one) => one.role === "user").length;
}

export function useChat(sessionId: string | null, read: ReturnType<typeof useMessages>): Chat {
  const go = useGo();
  const client = useQueryClient();
  const key = sessionId ?? NEW;
  const messages = useMemo(() => read.data ?? [], [read.data]);
  const waiting = useOutgoing(key);
  useEffect(() => findUnsent(key), [key]);
  const tasks = useActiveTasks();
  const post = useSendMessage();
  const fork = useForkSession();
  const cancel = useCancelTask();

  const hasArrived = waiting !== undefined && saidBy(messages) > waiting.before;
  const outgoing = waiting && !hasArrived ? waiting : null;
  const task = sessionId ? (tasks.items.find((one) => one.sessionId === sessionId && one.kind === "chat") ?? null) : null;
  const last = messages.at(-1);
  const isWriting = last?.role === "assistant" && last.status === "streaming";
  const hasAnswer = last?.role === "assistant" && last.status !== "streaming";
  // Between the acknowledgement and the first word only the outbox knows.
  const isAwaited = waiting !== undefined && waiting.error === null && !(hasArrived && hasAnswer);
  // It may have ended without a word: nothing to answer with, or stopped before it began.
  const awaited = useTask(isAwaited && !isWriting ? waiting.taskId : null).data;
  const isOver = awaited !== undefined && awaited.status !== "queued" && awaited.status !== "running";
  const isRunning = isWriting || (isAwaited && !isOver) || task !== null;

  useEffect(() => {
    if (hasArrived && (hasAnswer || isWriting || task || isOver)) outbox.set(key, undefined);
  }, [hasArrived, hasAnswer, isWriting, task, isOver, key]);

  const say = async (to: string | null, had: number, content: string, attachments: string[], agentId?: string): Promise<boolean> => {
    const at = to ?? NEW;
    const entry: Outgoing = { content, attachments, at: new Date().toISOString(), before: had, taskId: null, error: null };
    outbox.set(at, entry);
    try {
      const accepted = await post.mutateAsync({ content, sessionId: to, attachments, agentId });
      keepUnsent(at, undefined);
      outbox.set(accepted.sessionId, { ...entry, taskId: accepted.taskId });
      // A new chat is in the list at once, not only when its first answer is there.
      if (to === null) void client.invalidateQueries({ queryKey: ["sessions", "list"] });
      if (accepted.sessionId !== to) go(`/chat/${encodeURIComponent(accepted.sessionId)}`, { replace: to === null });
      return true;
    } catch (error) {
      keepUnsent(at, { ...entry, error: error instanceof ApiError ? error : new ApiError(String(error), "internal_error", 0) });
      return false;
    }
  };

  return {
    messages,
    outgoing,
    isRunning,
    task,
    send: (content, attachments = [], agentId) => say(sessionId, saidBy(messages), content, attachments, agentId),
    resend: async (message, content) => {
      try {
        const copy = await fork.mutateAsync({ id: message.sessionId, beforeMessageId: message.id });
        const had = saidBy(messages.slice(0, messages.indexOf(message)));
        go(`/chat/${encodeURIComponent(copy.id)}`);
        return await say(copy.id, had, content, message.attachments);
      } catch (error) {
        toastError("The chat could not be copied", error);
        return false;
      }
    },
    stop: () => {
      const taskId = (isWriting ? last.taskId : null) ?? task?.id ?? waiting?.taskId;
      if (!taskId) return;
      cancel.mutate(taskId, {
        // It ended in the same moment: that is what was wanted.
        onError: (error) => error.status !== 409 && toastError("The answer was not stopped", error),
      });
    },
    dropOutgoing: () => keepUnsent(key, undefined),
  };
}
