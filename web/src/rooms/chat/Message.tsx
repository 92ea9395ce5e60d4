import { CircleStop, Cloud, GitFork, HardDrive, Pencil, Quote, RotateCcw, SearchX, Waypoints } from "lucide-react";
import { memo, useCallback, useEffect, useRef, useState } from "react";
import { useTurnSteps, type Message } from "@/api";
import { Button, CopyButton, format, IconButton, join, Kbd, Markdown, Note } from "@/components";
import { AttachedTo } from "./Attachments";
import { CitationChip, CitationPlace, Sources } from "./Citations";
import styles from "./Message.module.css";
import { folded, going } from "./words";

export interface Acts {
  /** Says it again as it was. */
  repeat: (message: Message) => void;
  /** Says it differently, in a copy of the chat. */
  resend: (message: Message, content: string) => Promise<boolean>;
  /** Opens what led to an answer. */
  explain: (message: Message) => void;
}

interface MessageProps {
  message: Message;
  acts: Acts;
  /** The inspector shows it. */
  isExplained?: boolean;
  /** What was asked, for "Ask again". */
  asked?: Message;
  isLast?: boolean;
  isRunning?: boolean;
}

export const MessageView = memo(function MessageView(props: MessageProps) {
  return props.message.role === "user" ? <Said {...props} /> : <Answer {...props} />;
});

/** What the person said. */
function Said({ message, acts, isRunning }: MessageProps) {
  const [isEditing, setEditing] = useState(false);
  return (
    <article className={styles.said} aria-label="You">
      <AttachedTo ids={message.attachments} />
      {isEditing ? (
        <Rewording
          message={message}
          onCancel={() => setEditing(false)}
          onSend={async (content) => (await acts.resend(message, content)) && setEditing(false)}
        />
      ) : (
        <>
          <div className={styles.bubble} dir="auto">
            {message.content}
          </div>
          <div className={styles.saidTools}>
            <span className={styles.time}>{format.shortTime(message.createdAt)}</span>
            <CopyButton text={message.content} label="Copy" />
            <IconButton
              small
              label="Edit, and ask in a copy of this chat"
              icon={<Pencil aria-hidden />}
              isDisabled={isRunning}
              onPress={() => setEditing(true)}
            />
          </div>
        </>
      )}
    </article>
  );
}

function Rewording({ message, onSend, onCancel }: { message: Message; onSend: (content: string) => Promise<unknown>; onCancel: () => void }) {
  const [text, setText] = useState(message.content);
  const [isBusy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const box = area.current;
    box?.focus();
    box?.setSelectionRange(box.value.length, box.value.length);
  }, []);
  const send = async () => {
    if (!text.trim() || isBusy) return;
    setBusy(true);
    try {
      await onSend(text.trim());
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={styles.rewording}>
      <textarea
        ref={area}
        className={styles.rewordingArea}
        aria-label="Say it differently"
        dir="auto"
        rows={Math.min(10, text.split("\n").length + 1)}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            onCancel();
          } else if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            void send();
          }
        }}
      />
      <div className={styles.rewordingBar}>
        <span className={styles.rewordingNote}>
          <GitFork aria-hidden /> It goes on in a copy; this chat stays as it is.
        </span>
        <Button small onPress={onCancel}>
          Cancel
        </Button>
        <Button small tone="primary" busy={isBusy} isDisabled={!text.trim()} onPress={() => void send()}>
          Ask in a copy
        </Button>
      </div>
    </div>
  );
}

/** What was answered: one line on how, the text with its sources, and who wrote it. */
function Answer({ message, acts, asked, isExplained, isLast }: MessageProps) {
  const live = useTurnSteps(message.id);
  const isStreaming = message.status === "streaming";
  const steps = message.steps.length > 0 ? message.steps : live;
  const reference = useCallback(
    (number: number) => {
      const citation = message.citations.find((one) => one.number === number);
      // The sources come with the end of the answer; until then the number holds its place, so that no line breaks anew.
      return citation ? <CitationChip citation={citation} /> : isStreaming ? <CitationPlace number={number} /> : null;
    },
    [message.citations, isStreaming],
  );
  const isMissing = message.answered === "not_found";
  const again = asked && (
    <Button small icon={<RotateCcw aria-hidden />} onPress={() => acts.repeat(asked)}>
      Ask again
    </Button>
  );
  return (
    <article className={styles.answer} aria-label={isMissing ? "No answer found" : "Answer"} aria-busy={isStreaming}>
      {isStreaming ? (
        <Running since={message.createdAt} words={going(steps, message.content !== "")} onOpen={() => acts.explain(message)} />
      ) : (
        <button type="button" className={styles.trace} aria-pressed={isExplained} onClick={() => acts.explain(message)}>
          <Waypoints aria-hidden />
          {folded(message)}
        </button>
      )}
      {message.content && (
        <div className={join(isMissing && styles.missing)}>
          {isMissing && <SearchX aria-hidden className={styles.missingIcon} />}
          <Markdown text={message.content} reference={reference} large />
        </div>
      )}
      {message.answered === "extractive" && message.content && !isStreaming && message.citations.length > 0 && (
        <p className={styles.quoted}>
          <Quote aria-hidden /> Quoted word for word from your documents; no model wrote this.
        </p>
      )}
      {!isStreaming && <Sources citations={message.citations} />}
      {message.status === "complete" && message.answered === "model" && message.citations.length === 0 && (
        <p className={styles.quoted}>No source: the model said this by itself, and it may be wrong.</p>
      )}
      {message.status === "interrupted" && (
        <Note meaning="notice" title="This answer was cut off" actions={again}>
          {message.error ?? "Sophon stopped while it was written. What had come until then is kept."}
        </Note>
      )}
      {message.status === "failed" && (
        <Note meaning="problem" title={message.content ? "This answer is not complete" : "There is no answer"} actions={again}>
          {message.error ?? "Something went wrong. Your question is kept."}
        </Note>
      )}
      {message.status === "cancelled" && (
        <div className={styles.stopped}>
          <CircleStop aria-hidden />
          <span>You stopped this answer.</span>
          {again}
        </div>
      )}
      {!isStreaming && (
        <footer className={join(styles.foot, isLast && styles.shown)}>
          {message.content && <CopyButton text={message.content} label="Copy the answer" />}
          {message.status === "complete" && asked && <IconButton small label="Ask again" icon={<RotateCcw aria-hidden />} onPress={() => acts.repeat(asked)} />}
          {message.model && (
            <span className={styles.by}>
              {message.model.isLocal ? <HardDrive aria-hidden /> : <Cloud aria-hidden />}
              {message.model.name}
              <span className={styles.where}>{message.model.isLocal ? "on this machine" : `sent to ${message.model.provider}`}</span>
            </span>
          )}
          {message.tokens && message.tokens.completion > 0 && (
            <span className={join(styles.by, "figures")}>{(message.tokens.prompt + message.tokens.completion).toLocaleString("en")} tokens</span>
          )}
          <span className={styles.time}>{format.shortTime(message.createdAt)}</span>
        </footer>
      )}
    </article>
  );
}

/** The line over an answer that is being written. The seconds are counted here, so that waiting is honest. */
export function Running({ since, words, onOpen }: { since: string; words: string; onOpen?: () => void }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.floor((now - new Date(since).getTime()) / 1000));
  return (
    <button type="button" className={styles.trace} onClick={onOpen} disabled={!onOpen}>
      <span className={styles.pulse} aria-hidden />
      <span role="status">{words}</span>
      {seconds > 1 && <span className="figures">{seconds} s</span>}
      {onOpen && (
        <span className={styles.escape} aria-hidden>
          <Kbd keys="escape" /> stops
        </span>
      )}
    </button>
  );
}
