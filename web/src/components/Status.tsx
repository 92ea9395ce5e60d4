import { CircleAlert, CircleCheck, CircleDashed, Info, LoaderCircle, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Status.module.css";
import { join } from "./join";

export type Meaning = "good" | "notice" | "problem" | "info" | "busy" | "idle";

const ICONS = { good: CircleCheck, notice: TriangleAlert, problem: CircleAlert, info: Info, busy: LoaderCircle, idle: CircleDashed };

export interface StatusProps {
  meaning: Meaning;
  /** The word: colour and icon never speak alone. */
  children: ReactNode;
  className?: string;
}

/** A state in a word: "Ready", "Reading page 3 of 12". */
export function Status({ meaning, children, className }: StatusProps) {
  const Icon = ICONS[meaning];
  return (
    <span className={join(styles.status, styles[meaning], className)}>
      <Icon aria-hidden />
      <span>{children}</span>
    </span>
  );
}

export interface BadgeProps {
  children: ReactNode;
  meaning?: Exclude<Meaning, "busy" | "idle"> | "accent";
  icon?: ReactNode;
  title?: string;
  className?: string;
}

/** A small label on a thing: a category, a tag, "superseded". */
export function Badge({ children, meaning, icon, title, className }: BadgeProps) {
  return (
    <span className={join(styles.badge, meaning && styles[`${meaning}Badge`], className)} title={title}>
      {icon}
      <span className="ellipsis">{children}</span>
    </span>
  );
}

/** How many wait for an answer. Nothing is drawn for none. */
export function Count({ of, label }: { of: number; label: string }) {
  if (of < 1) return null;
  return (
    <span className={join(styles.count, "figures")}>
      <span aria-hidden>{of > 99 ? "99+" : of}</span>
      <span className="aside-voice">
        {of} {label}
      </span>
    </span>
  );
}

export interface NoteProps {
  meaning: "good" | "notice" | "problem" | "info";
  title?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  className?: string;
  role?: "status" | "alert";
}

/** A sentence or two that the person should notice where they are looking anyway. */
export function Note({ meaning, title, children, actions, className, role }: NoteProps) {
  const Icon = ICONS[meaning];
  return (
    <div className={join(styles.note, styles[`${meaning}Note`], className)} role={role}>
      <Icon aria-hidden />
      <div className={styles.noteWords}>
        {title && <p className={styles.noteTitle}>{title}</p>}
        {children && <div>{children}</div>}
        {actions && <div className={styles.noteActions}>{actions}</div>}
      </div>
    </div>
  );
}
