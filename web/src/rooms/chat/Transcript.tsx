import { ArrowDown, GitFork } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Link } from "react-aria-components";
import { useApprovals, useSession, type Message, type Session } from "@/api";
import { Button, ErrorNote, Note, useLate } from "@/components";
import { ApprovalCard } from "@/rooms/approvals/ApprovalCard";
import { AttachedTo } from "./Attachments";
import { MessageView, Running, type Acts } from "./Message";
import styles from "./Transcript.module.css";
import { useFollow } from "./useFollow";
import type { Chat } from "./useTurn";

/** So many messages are drawn at first, and so many more each time the person reaches the top. */
const STEP = 60;

export interface TranscriptProps {
  session: Session | null;
  chat: Chat;
  acts: Acts;
  explained: string | null;
  /** Moves a refused message back into the input. */
  onTakeBack: () => void;
}

export function Transcript({ session, chat, acts, explained, onTakeBack }: TranscriptProps) {
  const { messages, outgoing } = chat;
  const { frame, content, isFollowing, follow } = useFollow();
  const [shown, setShown] = useState(STEP);
  const first = Math.max(0, messages.length - shown);
  const approvals = useApprovals().items.filter((one) => session !== null && one.sessionId === session.id);

  // Who says something wants to see the answer.
  const sentAt = outgoing?.at;
  useEffect(() => {
    if (sentAt) follow();
  }, [sentAt, follow]);

  // Reaching the top brings older messages; the browser keeps in place what is being read.
  useEffect(() => {
    const box = frame.current;
    if (!box || first === 0) return;
    const onScroll = () => box.scrollTop < 400 && setShown((now) => now + STEP);
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => box.removeEventListener("scroll", onScroll);
  }, [frame, first]);

  const visible = useMemo(() => messages.slice(first).filter((one) => one.role === "user" || one.role === "assistant"), [messages, first]);
  const lastAnswer = messages.findLast((one) => one.role === "assistant");
  const isAwaitingFirst = chat.isRunning && messages.at(-1)?.status !== "streaming" && !(outgoing?.error ?? null);

  return (
    <div className={styles.around}>
      <div ref={frame} className={styles.frame} data-following={isFollowing || undefined} tabIndex={-1}>
        <div ref={content} className={styles.column} role="log" aria-label="Conversation" aria-live="off">
          {session?.parentSessionId && first === 0 && <ForkedFrom id={session.parentSessionId} />}
          {first > 0 && (
            <Button small className={styles.earlier} onPress={() => setShown((now) => now + STEP)}>
              Show earlier messages
            </Button>
          )}
          {visible.map((message) => (
            <MessageView
              key={message.id}
              message={message}
              acts={acts}
              asked={message.role === "assistant" ? questionOf(messages, message) : undefined}
              isExplained={explained === message.id}
              isLast={message === lastAnswer}
              isRunning={chat.isRunning}
            />
          ))}
          {outgoing && (
            <article className={styles.outgoing} aria-label="You">
              <AttachedTo ids={outgoing.attachments} />
              <div className={styles.bubble} dir="auto">
                {outgoing.content}
              </div>
              {outgoing.error && (
                <ErrorNote
                  className={styles.unsent}
                  error={outgoing.error}
                  title="This was not sent"
                  retry={() => void chat.send(outgoing.content, outgoing.attachments)}
                  actions={
                    <Button small onPress={onTakeBack}>
                      Change it
                    </Button>
                  }
                />
              )}
            </article>
          )}
          {isAwaitingFirst && (
            <Running
              since={outgoing?.at ?? chat.task?.createdAt ?? messages.at(-1)?.createdAt ?? ""}
              words={chat.task?.status === "queued" ? "Waiting for its turn" : "Looking through your documents and memories"}
            />
          )}
          {!chat.isRunning && !outgoing && visible.at(-1)?.role === "user" && <Unanswered key={visible.at(-1)!.id} question={visible.at(-1)!} acts={acts} />}
          {approvals.map((approval) => (
            <ApprovalCard key={approval.id} approval={approval} />
          ))}
        </div>
      </div>
      {!isFollowing && (
        <Button className={styles.back} small icon={<ArrowDown aria-hidden />} onPress={follow}>
          {chat.isRunning ? "Follow the answer" : "To the newest"}
        </Button>
      )}
      <Spoken message={lastAnswer} isRunning={chat.isRunning} />
    </div>
  );
}

/** A question that nothing came back to: the program was stopped before it began, or the turn failed without a word. */
function Unanswered({ question, acts }: { question: Message; acts: Acts }) {
  // An answer that another page asked for is announced in a moment.
  const isLate = useLate(1500);
  if (!isLate) return null;
  return (
    <Note
      meaning="notice"
      title="This was not answered"
      actions={
        <Button small onPress={() => acts.repeat(question)}>
          Ask again
        </Button>
      }
    >
      It was stopped before an answer began. Your question is kept.
    </Note>
  );
}

/** Screen readers hear that an answer is being written, and then the whole of it, instead of every piece. */
function Spoken({ message, isRunning }: { message: Message | undefined; isRunning: boolean }) {
  const [from] = useState(() => message?.id);
  const isNew = message && message.id !== from && message.status !== "streaming";
  return (
    <p className="aside-voice" aria-live="polite">
      {isRunning ? "An answer is being written." : isNew ? message.content.slice(0, 2000) : ""}
    </p>
  );
}

function ForkedFrom({ id }: { id: string }) {
  const parent = useSession(id);
  return (
    <p className={styles.forked}>
      <GitFork aria-hidden />
      <span>
        A copy of{" "}
        {parent.data ? (
          <Link href={`/chat/${encodeURIComponent(id)}`}>{parent.data.title || "an untitled chat"}</Link>
        ) : parent.isError ? (
          "a chat that was deleted"
        ) : (
          "another chat"
        )}
      </span>
    </p>
  );
}

/** What an answer answers: the last thing the person said before it. */
function questionOf(messages: readonly Message[], answer: Message): Message | undefined {
  const at = messages.indexOf(answer);
  return messages.slice(0, at).findLast((one) => one.role === "user");
}
