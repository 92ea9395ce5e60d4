import { ArrowLeft, X } from "lucide-react";
import { createContext, use, useEffect, useRef, type ReactNode } from "react";
import { IconButton, LinkButton } from "./Button";
import styles from "./SplitView.module.css";
import { join } from "./join";
import { useLayout } from "./layout";
import { MEDIUM, NARROW, useMedia } from "./useMedia";

/** Whether the work is what the page is about; else its list is. The page's one h1 goes there. */
const IsAboutWork = createContext(true);

const Opener = createContext<{ close: () => void }>({ close: () => undefined });

export interface SplitViewProps {
  /** The middle zone: usually a `ListPane`. A room without one leaves it out. */
  list?: ReactNode;
  /** What the list holds, for screen readers: "Chats". */
  listLabel?: string;
  /** True when something of the list is open. On a phone the work then stands in the list's place. */
  isOpen?: boolean;
  /** The fourth zone, when something has a "why". Its URL is the caller's: `useInspect`. */
  inspector?: { title: string; content: ReactNode; onClose: () => void } | null;
  /** The work itself. */
  children: ReactNode;
}

/** The frame of a room: list, work, inspector. */
export function SplitView({ list, listLabel, isOpen = false, inspector, children }: SplitViewProps) {
  const { listShown } = useLayout();
  const isNarrow = useMedia(NARROW);
  const isOver = useMedia(MEDIUM) && Boolean(inspector);
  const hasList = Boolean(list);
  const showsList = hasList && (isNarrow ? !isOpen : listShown);
  return (
    <IsAboutWork value={isOpen || !hasList}>
      <div className={styles.split}>
        {showsList && (
          <section className={styles.list} aria-label={listLabel} inert={isOver && isNarrow}>
            {list}
          </section>
        )}
        {(!isNarrow || isOpen || !hasList) && (
          <section className={styles.work} inert={isOver && isNarrow}>
            {children}
          </section>
        )}
        {inspector && (
          <Inspector key={inspector.title} title={inspector.title} onClose={inspector.onClose} isOver={isOver}>
            {inspector.content}
          </Inspector>
        )}
      </div>
    </IsAboutWork>
  );
}

interface InspectorProps {
  title: string;
  onClose: () => void;
  isOver: boolean;
  children: ReactNode;
}

function Inspector({ title, onClose, isOver, children }: InspectorProps) {
  const panel = useRef<HTMLElement>(null);
  // Focus comes in, and goes back to what opened it.
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const inside = panel.current;
    inside?.focus({ preventScroll: true });
    return () => {
      if (before?.isConnected && (inside?.contains(document.activeElement) || document.activeElement === document.body)) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      className={join(styles.inspector, isOver && styles.over)}
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) {
          event.preventDefault();
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <header className={styles.header}>
        <h2 className={styles.title}>{title}</h2>
        <IconButton noTip label="Close" icon={<X aria-hidden />} onPress={onClose} />
      </header>
      <div className={styles.content}>
        <Opener value={{ close: onClose }}>{children}</Opener>
      </div>
    </aside>
  );
}

/** Closes the inspector that the caller is in. */
export function useCloseInspector(): () => void {
  return use(Opener).close;
}

/** A part of an inspector with a small heading. */
export function InspectorSection({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <header className={styles.sectionHeader}>
        <h3 className={styles.sectionTitle}>{title}</h3>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Names and values in two columns: the plain facts about a thing. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode] | false | null | undefined)[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(
        (fact) =>
          fact &&
          fact[1] !== null &&
          fact[1] !== undefined && (
            <div key={fact[0]} className={styles.fact}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

export interface PaneProps {
  title: ReactNode;
  /** Beside the title, quieter. */
  aside?: ReactNode;
  actions?: ReactNode;
  /** Where the arrow leads on a phone: the room without a selection. */
  back?: string;
  /** A second line under the header that stays in place: search, filters. */
  tools?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** The list zone: a title, its actions, a search, the list. */
export function ListPane({ title, aside, actions, tools, children }: PaneProps) {
  const Title = use(IsAboutWork) ? "h2" : "h1";
  return (
    <div className={styles.pane}>
      <header className={styles.header}>
        <Title className={styles.title}>{title}</Title>
        {aside}
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {tools && <div className={styles.tools}>{tools}</div>}
      <div className={styles.fill}>{children}</div>
    </div>
  );
}

/** The work zone. A title that is more than a word or two brings its own h1. It does not scroll by itself: put a `Scroll` inside, or something that scrolls on its own. */
export function WorkPane({ title, aside, actions, back, tools, children, className }: PaneProps) {
  const isNarrow = useMedia(NARROW);
  const Title = use(IsAboutWork) && typeof title === "string" && title ? "h1" : "div";
  return (
    <div className={join(styles.pane, className)}>
      <header className={styles.header}>
        {back && isNarrow && (
          <LinkButton href={back} tone="quiet" className={styles.back}>
            <ArrowLeft aria-hidden />
            <span className="aside-voice">Back to the list</span>
          </LinkButton>
        )}
        <Title className={styles.title}>{title}</Title>
        {aside}
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {tools && <div className={styles.tools}>{tools}</div>}
      <div className={styles.fill}>{children}</div>
    </div>
  );
}

/** Scrolls what does not fit, with the reading column in its middle: at most 72 characters wide unless `wide`. */
export function Scroll({ children, wide, className }: { children: ReactNode; wide?: boolean; className?: string }) {
  return (
    <div className={join(styles.scroll, className)} tabIndex={-1}>
      <div className={join(styles.column, wide && styles.wide)}>{children}</div>
    </div>
  );
}
