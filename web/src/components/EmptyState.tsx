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
  /** The page has no other heading. */
  isPage?: boolean;
  /** Inside a list or an inspector. */
  small?: boolean;
  className?: string;
}

export function EmptyState({ icon, title, children, action, example, isPage, small, className }: EmptyStateProps) {
  const Title = isPage ? "h1" : small ? "p" : "h2";
  return (
    <div className={join(styles.empty, small && styles.small, className)}>
      {icon && <div className={styles.icon}>{icon}</div>}
      <Title className={styles.title}>{title}</Title>
      {children && <div className={styles.words}>{children}</div>}
      {action && <div className={styles.action}>{action}</div>}
      {example && <div className={styles.example}>{example}</div>}
    </div>
  );
}
