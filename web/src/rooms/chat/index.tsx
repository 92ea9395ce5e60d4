import { Download, Ellipsis, GitFork, Pencil, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useForkSession, useMessages, useSession, useSessions, type Message, type Session } from "@/api";
import { chooseFiles, EmptyState, ErrorNote, FileDrop, IconButton, LinkButton, Menu, Skeleton, SplitView, toastError, WorkPane } from "@/components";
import { href, useGo, useInspect, useParam } from "@/shell/address";
import { usePageTitle } from "@/shell/Announcer";
import type { RoomProps } from "@/shell/rooms";
import styles from "./chat.module.css";
import { Composer, type ComposerHandle } from "./Composer";
import { Explained } from "./Explained";
import type { Acts } from "./Message";
import { NEW } from "./outbox";
import { SessionList, useDeleteChat } from "./SessionList";
import { TitleField } from "./TitleField";
import { Transcript } from "./Transcript";
import { useAttaching } from "./useAttached";
import { useChat } from "./useTurn";
import { Welcome } from "./Welcome";
import { asMarkdown } from "./words";

/** Chats: the list, the conversation, and for any answer how it came about. */
export default function ChatRoom({ id: named }: RoomProps) {
  // "/chat/new" is the chat that begins with the first message; so is "/chat", where there is room for it beside the list.
  const id = named === NEW ? null : named;
  const inspect = useInspect();
  const read = useMessages(id);
  const explained = inspect.kind === "answer" ? read.data?.find((one) => one.id === inspect.id) : undefined;
  return (
    <SplitView
      listLabel="Chats"
      list={<SessionList id={id} />}
      isOpen={named !== null}
      inspector={explained ? { title: "How this answer came about", content: <Explained message={explained} />, onClose: inspect.close } : null}
    >
      <Conversation key={id ?? NEW} id={id} explained={explained?.id ?? null} />
    </SplitView>
  );
}

function Conversation({ id, explained }: { id: string | null; explained: string | null }) {
  const [q] = useParam("q");
  const { open, close } = useInspect();
  const session = useSession(id);
  const read = useMessages(id);
  const chat = useChat(id, read);
  const attaching = useAttaching();
  const composer = useRef<ComposerHandle>(null);
  const title = session.data?.title ?? null;
  usePageTitle(id ? title : "New chat");

  // A keyboard is at hand: writing can begin at once. On a phone it would cover the page.
  useEffect(() => {
    if (window.matchMedia("(pointer: fine)").matches && (document.activeElement === document.body || document.activeElement?.closest("nav")))
      composer.current?.focus();
  }, []);

  const { send, resend, stop, isRunning } = chat;
  // Esc stops, wherever the focus is; what lies over the chat has taken it first.
  useEffect(() => {
    if (!isRunning) return;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.shiftKey) stop();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [isRunning, stop]);

  const acts = useMemo<Acts>(
    () => ({
      repeat: (message) => void send(message.content, message.attachments),
      resend,
      explain: (message) => (explained === message.id ? close() : open("answer", message.id)),
    }),
    [send, resend, explained, open, close],
  );
  const steady = useSteady(acts);
  const said = useMemo(() => chat.messages.filter((one) => one.role === "user").map((one) => one.content), [chat.messages]);

  const takeBack = () => {
    if (!chat.outgoing) return;
    composer.current?.set(chat.outgoing.content);
    attaching.addIds(chat.outgoing.attachments);
    chat.dropOutgoing();
  };

  const isGone = (session.isError && session.error.status === 404) || (read.isError && read.error.status === 404);
  const isEmpty = id === null ? chat.outgoing === null : read.isSuccess && chat.messages.length === 0 && chat.outgoing === null;

  return (
    <FileDrop label="Let go to attach" onFiles={attaching.add} isDisabled={isGone}>
      <WorkPane
        back={href("/chat", { q })}
        title={id ? <Title id={id} /> : "New chat"}
        actions={id && session.data && <Actions session={session.data} messages={chat.messages} />}
      >
        {isGone ? (
          <EmptyState title="This chat is not here" action={<LinkButton href="/chat/new">Start a new one</LinkButton>}>
            It was deleted, or the address is mistyped.
          </EmptyState>
        ) : (
          <>
            {isEmpty ? (
              <div className={styles.empty}>
                <Welcome
                  onAsk={(question) => composer.current?.set(question)}
                  onFiles={() => void chooseFiles().then((files) => files.length > 0 && attaching.add(files))}
                />
              </div>
            ) : read.isError && chat.messages.length === 0 ? (
              <div className={styles.note}>
                <ErrorNote error={read.error} title="This chat could not be read" retry={() => void read.refetch()} />
              </div>
            ) : id !== null && read.isPending && !chat.outgoing ? (
              <div className={styles.reading}>
                <Skeleton rows={5} rowHeight={64} label="Reading the chat" />
              </div>
            ) : (
              <Transcript session={session.data ?? null} chat={chat} acts={steady} explained={explained} onTakeBack={takeBack} />
            )}
            <div className={styles.composer}>
              <Composer
                ref={composer}
                chatKey={id ?? NEW}
                attaching={attaching}
                isRunning={chat.isRunning}
                said={said}
                onSend={(content, attachments) => void send(content, attachments)}
                onStop={stop}
              />
            </div>
          </>
        )}
      </WorkPane>
    </FileDrop>
  );
}

/** What can be done with a whole chat. */
function Actions({ session, messages }: { session: Session; messages: readonly Message[] }) {
  const go = useGo();
  const fork = useForkSession();
  const remove = useDeleteChat(session.id);
  const save = () => {
    const name = session.title || "chat";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([asMarkdown(name, messages)], { type: "text/markdown" }));
    link.download = `${name.replace(/[\\/:*?"<>|]+/g, " ").slice(0, 80)}.md`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <Menu
      label="This chat"
      trigger={<IconButton label="More" icon={<Ellipsis aria-hidden />} />}
      groups={[
        {
          id: "keep",
          items: [
            { id: "rename", label: "Rename", icon: <Pencil aria-hidden />, onAction: () => document.querySelector<HTMLElement>(`[data-title]`)?.click() },
            {
              id: "fork",
              label: "Copy this chat",
              hint: "To go on in another direction",
              icon: <GitFork aria-hidden />,
              onAction: () =>
                fork.mutate(
                  { id: session.id },
                  { onSuccess: (copy) => go(`/chat/${encodeURIComponent(copy.id)}`), onError: (error) => toastError("The chat was not copied", error) },
                ),
            },
            { id: "save", label: "Save as Markdown", icon: <Download aria-hidden />, onAction: save },
          ],
        },
        { id: "end", items: [{ id: "delete", label: "Delete", icon: <Trash2 aria-hidden />, tone: "danger", onAction: () => remove(session) }] },
      ]}
    />
  );
}

/** The same object for as long as the page lives, always acting as the newest: messages are not drawn again because a callback changed. */
function useSteady(acts: Acts): Acts {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  return useMemo<Acts>(
    () => ({
      repeat: (message) => latest.current.repeat(message),
      resend: (message, content) => latest.current.resend(message, content),
      explain: (message) => latest.current.explain(message),
    }),
    [],
  );
}

/** The chat's title; a press makes it a field. */
function Title({ id }: { id: string }) {
  const read = useSession(id).data;
  // The list knows it already.
  const listed = useSessions().items.find((one) => one.id === id);
  const session = read ?? listed;
  const [isEditing, setEditing] = useState(false);
  if (!session) return <h1 className={styles.title}> </h1>;
  if (isEditing) return <TitleField session={session} onDone={() => setEditing(false)} />;
  return (
    <h1 className={styles.title}>
      <button type="button" data-title="" className={styles.titleButton} title="Rename" dir="auto" onClick={() => setEditing(true)}>
        {session.title || "Untitled chat"}
      </button>
    </h1>
  );
}
