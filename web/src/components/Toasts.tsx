import { CircleAlert, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "./Button";
import styles from "./Toasts.module.css";
import { dismiss, useToasts, type Toast } from "./toast";

/** Where toasts show; once, in the shell. */
export function Toasts() {
  const toasts = useToasts();
  return (
    <div className={styles.region} role="region" aria-label="Messages" aria-live="polite" aria-relevant="additions">
      {toasts.map((one) => (
        <One key={one.key} toast={one} />
      ))}
    </div>
  );
}

function One({ toast }: { toast: Toast }) {
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => dismiss(toast.key), toast.lastsMs);
    return () => clearTimeout(timer);
  }, [isHeld, toast]);
  return (
    <div
      className={styles.toast}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {toast.meaning === "problem" && <CircleAlert aria-label="Problem:" className={styles.problem} />}
      <span className={styles.text}>{toast.text}</span>
      {toast.action && (
        <Button
          small
          onPress={() => {
            toast.action?.onAction();
            dismiss(toast.key, true);
          }}
        >
          {toast.action.label}
        </Button>
      )}
      <IconButton label="Dismiss" small icon={<X aria-hidden />} onPress={() => dismiss(toast.key)} />
    </div>
  );
}
