import { ProgressBar as Bar } from "react-aria-components";
import styles from "./ProgressBar.module.css";
import { join } from "./join";

export interface ProgressBarProps {
  label: string;
  hideLabel?: boolean;
  /** From 0 to 1; null while nobody knows. */
  value: number | null;
  /** In words, with units: "41 of 98 MB". */
  detail?: string;
  className?: string;
}

export function ProgressBar({ label, hideLabel, value, detail, className }: ProgressBarProps) {
  const isKnown = value !== null && Number.isFinite(value);
  const known = isKnown ? Math.min(1, Math.max(0, value)) : 0;
  return (
    <Bar aria-label={label} value={known * 100} isIndeterminate={!isKnown} valueLabel={detail} className={join(styles.progress, className)}>
      {!(hideLabel && !detail) && (
        <span className={styles.words}>
          <span className="ellipsis">{hideLabel ? "" : label}</span>
          <span className="figures">{detail}</span>
        </span>
      )}
      <span className={styles.track}>
        <span className={join(styles.done, !isKnown && styles.unknown)} style={isKnown ? { width: `${known * 100}%` } : undefined} />
      </span>
    </Bar>
  );
}
