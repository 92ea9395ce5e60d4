import { useRef } from "react";
import type { Session } from "@/api";
import { useRename } from "./SessionList";
import styles from "./SessionList.module.css";

/** The title as a field, in its own place: Enter or leaving keeps it, Esc does not. */
export function TitleField({ session, onDone }: { session: Session; onDone: () => void }) {
  const rename = useRename();
  const isOver = useRef(false);
  const done = (title: string | null) => {
    if (isOver.current) return;
    isOver.current = true;
    if (title !== null) rename(session, title);
    onDone();
  };
  return (
    <input
      autoFocus
      className={styles.field}
      aria-label="Title of the chat"
      defaultValue={session.title}
      maxLength={200}
      dir="auto"
      onFocus={(event) => event.target.select()}
      onBlur={(event) => done(event.target.value)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") done(event.currentTarget.value);
        else if (event.key === "Escape") done(null);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
