import { X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Dialog as Box, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Button, IconButton } from "./Button";
import styles from "./Dialog.module.css";
import { ErrorNote } from "./ErrorNote";
import { TextField } from "./Fields";
import { join } from "./join";

export interface DialogProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Buttons, the safe one first. */
  actions?: ReactNode;
  wide?: boolean;
  /** For a question that loses something: announced as an alert. */
  alert?: boolean;
}

/** One at a time, never one over another. Prefer an inspector or an inline edit. */
export function Dialog({ title, isOpen, onClose, children, actions, wide, alert }: DialogProps) {
  return (
    <ModalOverlay isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable className={styles.veil}>
      <Modal className={join(styles.modal, wide && styles.wide)}>
        <Box role={alert ? "alertdialog" : "dialog"} className={styles.dialog}>
          <header className={styles.header}>
            <Heading slot="title" className={styles.title}>
              {title}
            </Heading>
            <IconButton noTip label="Close" icon={<X aria-hidden />} small onPress={onClose} />
          </header>
          <div className={styles.body}>{children}</div>
          {actions && <footer className={styles.actions}>{actions}</footer>}
        </Box>
      </Modal>
    </ModalOverlay>
  );
}

export interface ConfirmProps {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  /** What happens, and what cannot be undone. */
  children: ReactNode;
  /** The verb on the button: "Delete this chat". */
  verb: string;
  onConfirm: () => void | Promise<unknown>;
  danger?: boolean;
  /** For what can't be brought back: this name has to be typed first. */
  name?: string;
  error?: unknown;
}

/** Asks before something that can't be undone. The way out comes first in tab order. */
export function Confirm({ isOpen, onClose, title, children, verb, onConfirm, danger, name, error }: ConfirmProps) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const close = () => {
    setTyped("");
    onClose();
  };
  const isNamed = !name || typed.trim() === name.trim();
  const confirm = async () => {
    if (!isNamed || busy) return;
    setBusy(true);
    try {
      await onConfirm();
      setTyped("");
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      alert
      title={title}
      isOpen={isOpen}
      onClose={close}
      actions={
        <>
          <Button onPress={close} autoFocus={!name}>
            Keep
          </Button>
          <Button tone={danger ? "danger" : "primary"} busy={busy} isDisabled={!isNamed} onPress={() => void confirm().catch(() => undefined)}>
            {verb}
          </Button>
        </>
      }
    >
      <div className={styles.words}>{children}</div>
      {name && <TextField label={`Type “${name}” to go on`} value={typed} onChange={setTyped} autoFocus autoComplete="off" spellCheck={false} />}
      {error ? <ErrorNote error={error} /> : null}
    </Dialog>
  );
}
