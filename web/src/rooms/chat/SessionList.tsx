import { Ellipsis, MessageSquare, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useActiveTasks, useDeleteSession, usePatchSession, useSessions, type Session } from "@/api";
import {
  Button,
  deleteWithUndo,
  EmptyState,
  ErrorNote,
  format,
  IconButton,
  List,
  ListPane,
  Menu,
  SearchField,
  Skeleton,
  toastError,
  TOUCH,
  useHidden,
  useMedia,
} from "@/components";
import { href, useGo, useParam } from "@/shell/address";
import { keysOf } from "@/shell/shortcuts";
import { useSettled } from "@/shell/useSettled";
import styles from "./SessionList.module.css";
import { TitleField } from "./TitleField";

/** All chats, newest first, with a search through what was said in them. */
export function SessionList({ id }: { id: string | null }) {
  const go = useGo();
  const [q, setQ] = useParam("q");
  const wanted = useSettled(q ?? "", 200);
  const sessions = useSessions(wanted ? { q: wanted } : {});
  const hidden = useHidden();
  const running = new Set(useActiveTasks().items.map((task) => task.sessionId));
  const [renaming, setRenaming] = useState<string | null>(null);
  const remove = useDeleteChat(id);
  const isTouch = useMedia(TOUCH);
  const items = hidden.size > 0 ? sessions.items.filter((one) => !hidden.has(one.id)) : sessions.items;
  const address = (session: Session) => href(`/chat/${encodeURIComponent(session.id)}`, { q });

  return (
    <ListPane
      title="Chats"
      actions={<IconButton label="New chat" keys={keysOf("new-chat")} icon={<Plus aria-hidden />} onPress={() => go(href("/chat/new", { q }))} />}
      tools={<SearchField label="Search chats" value={q ?? ""} onChange={(text) => setQ(text || null, { replace: true })} />}
    >
      {sessions.isPending ? (
        <Skeleton rows={8} rowHeight={36} label="Reading your chats" />
      ) : sessions.isError ? (
        <div className={styles.padded}>
          <ErrorNote error={sessions.error} title="Your chats could not be read" retry={() => void sessions.refetch()} />
        </div>
      ) : items.length === 0 ? (
        wanted ? (
          <EmptyState small title="No chat has these words" action={<Button onPress={() => setQ(null)}>Show all chats</Button>} />
        ) : (
          <EmptyState small icon={<MessageSquare aria-hidden />} title="No chats yet">
            What you ask is kept here, on this machine, until you delete it.
          </EmptyState>
        )
      ) : (
        <List
          label="Chats"
          items={items}
          getKey={(one) => one.id}
          href={address}
          selectedKey={id}
          rowHeight={isTouch ? 44 : 36}
          group={wanted ? undefined : (one) => format.dayGroup(one.lastMessageAt ?? one.createdAt)}
          total={sessions.total}
          hasMore={sessions.hasNextPage}
          onMore={() => !sessions.isFetchingNextPage && void sessions.fetchNextPage()}
          onDelete={remove}
          onRename={(one) => setRenaming(one.id)}
          editing={(one) => (renaming === one.id ? <TitleField session={one} onDone={() => setRenaming(null)} /> : null)}
          actions={(one) => (
            <Menu
              label={`Actions for ${one.title}`}
              trigger={<IconButton small label="More" icon={<Ellipsis aria-hidden />} />}
              items={[
                { id: "rename", label: "Rename", icon: <Pencil aria-hidden />, keys: "f2", onAction: () => setRenaming(one.id) },
                { id: "delete", label: "Delete", icon: <Trash2 aria-hidden />, tone: "danger", onAction: () => remove(one) },
              ]}
            />
          )}
        >
          {(one) => (
            <span className={styles.row}>
              <span className={styles.title} dir="auto">
                {one.title || "Untitled chat"}
              </span>
              {running.has(one.id) && <span className={styles.running} role="img" aria-label="An answer is being written" />}
            </span>
          )}
        </List>
      )}
    </ListPane>
  );
}

/** Deletes a chat with a moment to take it back; the one that is open is left first. */
export function useDeleteChat(openId: string | null): (session: Session) => void {
  const go = useGo();
  const remove = useDeleteSession();
  return (session) => {
    if (session.id === openId) go("/chat", { replace: true });
    deleteWithUndo({
      id: session.id,
      said: `“${session.title || "Untitled chat"}” was deleted`,
      failed: "The chat was not deleted",
      run: () => remove.mutateAsync(session.id),
    });
  };
}

export function useRename(): (session: Session, title: string) => void {
  const patch = usePatchSession();
  return (session, title) => {
    const next = title.trim();
    if (!next || next === session.title) return;
    patch.mutate({ id: session.id, title: next }, { onError: (error) => toastError("The chat was not renamed", error) });
  };
}
