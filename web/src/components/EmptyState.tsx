import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";
import { join } from "./join";

export interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** One sentence on what lives here. */
  children?: ReactNode;
  /** One action. */
  action?: ReactNode;
  /** One example, which can be removed. */
  example?: ReactNode;
  /** Inside a list or an inspector. */
  small?: boolean;
  className?: string;
}

export function EmptyState({ icon, title, children, action, example, small, className }: EmptyStateProps) {
  return (
    <div className={join(styles.empty, small && styles.small, className)}>
      {icon && <div className={styles.icon}>{icon}</div>}
      <h2 className={styles.title}>{title}</h2>
      {children && <div className={styles.words}>{children}</div>}
      {action && <div className={styles.action}>{action}</div>}
      {example && <div className={styles.example}>{example}</div>}
    </div>
  );
}
