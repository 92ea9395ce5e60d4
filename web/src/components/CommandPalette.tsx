import { Search } from "lucide-react";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import styles from "./CommandPalette.module.css";
import { Kbd } from "./Kbd";

export interface Command {
  id: string;
  /** The heading that it stands under. */
  group: string;
  label: string;
  hint?: string;
  icon?: ReactNode;
  keys?: string;
  /** Other words that find it. */
  words?: string;
  run: () => void;
}

export interface CommandPaletteProps {
  isOpen: boolean;
  onClose: () => void;
  query: string;
  onQuery: (query: string) => void;
  commands: readonly Command[];
  /** More are on their way from the server. */
  isSearching?: boolean;
  placeholder?: string;
}

/** How well `query` fits: 0 for not at all. Every word must be there; the start of a word counts more than its middle. */
export function fit(query: string, command: Pick<Command, "label" | "words" | "hint">): number {
  const label = command.label.toLowerCase();
  const rest = `${command.words ?? ""} ${command.hint ?? ""}`.toLowerCase();
  let sum = 0;
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    if (label.startsWith(word)) sum += 4;
    else if (new RegExp(`(^|[^\\p{L}\\p{N}])${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "u").test(label)) sum += 3;
    else if (label.includes(word)) sum += 2;
    else if (rest.includes(word)) sum += 1;
    else return 0;
  }
  return sum || 1;
}

/** One field that goes anywhere and does anything: type, arrows, Enter. */
export function CommandPalette({ isOpen, onClose, query, onQuery, commands, isSearching, placeholder = "Go to, do, or find" }: CommandPaletteProps) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable className={styles.veil}>
      <Modal className={styles.modal}>
        <Dialog aria-label="Commands" className={styles.dialog}>
          <Field onClose={onClose} query={query} onQuery={onQuery} commands={commands} isSearching={isSearching} placeholder={placeholder} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Field({ onClose, query, onQuery, commands, isSearching, placeholder }: Omit<CommandPaletteProps, "isOpen">) {
  const base = useId();
  const list = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const at = Math.max(
    0,
    commands.findIndex((one) => one.id === chosen),
  );
  const current = commands[at];

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at, query]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const to: Record<string, number> = {
      ArrowDown: (at + 1) % commands.length,
      ArrowUp: (at - 1 + commands.length) % commands.length,
      PageDown: Math.min(commands.length - 1, at + 8),
      PageUp: Math.max(0, at - 8),
    };
    const next = to[event.key];
    if (next !== undefined && commands.length > 0) {
      event.preventDefault();
      setChosen(commands[next]?.id ?? null);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(current);
    }
  };

  return (
    <>
      <div className={styles.field}>
        <Search aria-hidden />
        <input
          autoFocus
          className={styles.input}
          value={query}
          onChange={(event) => {
            onQuery(event.target.value);
            setChosen(null);
          }}
          onKeyDown={onKeyDown}
          placeholder={placeholder}
          role="combobox"
          aria-label={placeholder}
          aria-expanded="true"
          aria-controls={`${base}-list`}
          aria-autocomplete="list"
          aria-activedescendant={current ? `${base}-${current.id}` : undefined}
          autoComplete="off"
          spellCheck={false}
        />
        <Kbd keys="escape" />
      </div>
      <div ref={list} className={styles.list} role="listbox" id={`${base}-list`} aria-label="Commands">
        {commands.map((command, place) => (
          <div key={command.id} role="presentation">
            {command.group !== commands[place - 1]?.group && (
              <div className={styles.group} role="presentation">
                {command.group}
              </div>
            )}
            <div
              role="option"
              id={`${base}-${command.id}`}
              aria-selected={place === at}
              className={styles.command}
              onPointerMove={() => command.id !== chosen && setChosen(command.id)}
              onClick={() => run(command)}
            >
              <span className={styles.icon}>{command.icon}</span>
              <span className={styles.label}>{command.label}</span>
              {command.hint && <span className={styles.hint}>{command.hint}</span>}
              {command.keys && <Kbd keys={command.keys} />}
            </div>
          </div>
        ))}
      </div>
      {commands.length === 0 && (
        <p className={styles.none} role="status">
          {isSearching ? "Searching" : "Nothing by that name. Try fewer letters."}
        </p>
      )}
    </>
  );
}
