import { ArrowUp, Cloud, HardDrive, Paperclip, Square } from "lucide-react";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent, type Ref } from "react";
import { Button, chooseFiles, IconButton, Kbd } from "@/components";
import { AttachmentTray } from "./Attachments";
import styles from "./Composer.module.css";
import { ModelPicker } from "./ModelPicker";
import { keepDraft, readDraft } from "./outbox";
import type { Attaching } from "./useAttached";

export interface ComposerHandle {
  focus: () => void;
  set: (text: string) => void;
}

export interface ComposerProps {
  /** The chat's id, or "new": drafts are kept by it. */
  chatKey: string;
  attaching: Attaching;
  isRunning: boolean;
  /** What the person said in this chat, oldest first: Up recalls it. */
  said: readonly string[];
  onSend: (content: string, attachments: string[]) => void;
  onStop: () => void;
  ref?: Ref<ComposerHandle>;
}

const isTouch = () => window.matchMedia("(pointer: coarse)").matches;

/** Where the person writes. Enter sends, Shift+Enter breaks, Up recalls, Esc stops; files by picker, paste or drop. */
export function Composer({ chatKey, attaching, isRunning, said, onSend, onStop, ref }: ComposerProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => readDraft(chatKey));
  const [recalled, setRecalled] = useState<number | null>(null);
  const [isArmed, setArmed] = useState(false);

  const write = (next: string) => {
    setText(next);
    keepDraft(chatKey, next);
    setArmed(false);
  };

  useImperativeHandle(ref, () => ({
    focus: () => area.current?.focus(),
    set: (next) => {
      write(next);
      requestAnimationFrame(() => {
        area.current?.focus();
        area.current?.setSelectionRange(next.length, next.length);
      });
    },
  }));

  // As tall as its text, up to a third of the window; the browsers that know field-sizing do the same without us.
  useLayoutEffect(() => {
    const box = area.current;
    if (!box || CSS.supports("field-sizing", "content")) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }, [text]);

  // A message never goes without a file that the person meant to send with it.
  const isStuck = attaching.readiness === "stuck";
  const canSend = text.trim() !== "" && !isRunning && !isStuck;

  const send = () => {
    if (!canSend) return;
    if (attaching.readiness === "waiting") {
      setArmed(true);
      return;
    }
    const content = text.trim();
    const ids = attaching.take();
    write("");
    setRecalled(null);
    onSend(content, ids);
  };

  // What was waiting for its files goes when they are read.
  const latest = useRef(send);
  useEffect(() => {
    latest.current = send;
  });
  const isReady = attaching.readiness !== "waiting";
  useEffect(() => {
    if (isArmed && isReady && !isRunning) latest.current();
  }, [isArmed, isReady, isRunning]);

  const recall = (to: number | null) => {
    setRecalled(to);
    write(to === null ? "" : (said[to] ?? ""));
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Enter" && (isPlain ? !isTouch() : event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && isPlain && said.length > 0 && (text === "" || recalled !== null)) {
      event.preventDefault();
      recall(Math.max(0, (recalled ?? said.length) - 1));
    } else if (event.key === "ArrowDown" && isPlain && recalled !== null) {
      event.preventDefault();
      recall(recalled + 1 < said.length ? recalled + 1 : null);
    } else if (event.key === "Escape" && isArmed) {
      event.preventDefault();
      event.stopPropagation();
      setArmed(false);
    }
  };

  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    attaching.add(files);
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <AttachmentTray attaching={attaching} />
      <textarea
        ref={area}
        data-main-input=""
        className={styles.area}
        rows={1}
        value={text}
        dir="auto"
        placeholder="Ask, or tell something to remember"
        aria-label="Message"
        onChange={(event) => {
          write(event.target.value);
          setRecalled(null);
        }}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className={styles.bar}>
        <IconButton
          label="Attach files"
          icon={<Paperclip aria-hidden />}
          onPress={() => void chooseFiles().then((files) => files.length > 0 && attaching.add(files))}
        />
        <ModelPicker />
        <span className={styles.space} />
        {isStuck ? (
          <span className={styles.armed} role="status">
            Take off what can’t be sent
          </span>
        ) : isArmed ? (
          <span className={styles.armed} role="status">
            Goes when the files are read
            <Button small onPress={() => setArmed(false)}>
              Wait
            </Button>
          </span>
        ) : (
          text.length > 0 && (
            <span className={styles.hint} aria-hidden>
              <Kbd keys="enter" /> sends
            </span>
          )
        )}
        {isRunning ? (
          <IconButton tone="plain" className={styles.send} label="Stop" keys="escape" icon={<Square aria-hidden className={styles.stop} />} onPress={onStop} />
        ) : (
          <IconButton tone="primary" className={styles.send} label="Send" keys="enter" isDisabled={!canSend} icon={<ArrowUp aria-hidden />} type="submit" />
        )}
      </div>
    </form>
  );
}

/** Where an answer is made: on this machine, or elsewhere. Always with the word beside it. */
export function Place({ isLocal }: { isLocal: boolean }) {
  return isLocal ? <HardDrive aria-hidden /> : <Cloud aria-hidden />;
}
