import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { Link, Button as Pressable, type ButtonProps as PressableProps } from "react-aria-components";
import styles from "./Button.module.css";
import { Tooltip } from "./Tooltip";
import { join } from "./join";

export type Tone = "plain" | "primary" | "quiet" | "danger";

export interface ButtonProps extends Omit<PressableProps, "children" | "className" | "style"> {
  children: ReactNode;
  tone?: Tone;
  small?: boolean;
  icon?: ReactNode;
  /** The effect is under way: the button keeps its size and its focus, and takes no second press. */
  busy?: boolean;
  className?: string;
}

/** A verb: "Forget", "Pull this model". One primary button in a view at most. */
export function Button({ children, tone = "plain", small, icon, busy, className, ...rest }: ButtonProps) {
  return (
    <Pressable {...rest} isPending={busy} className={join(styles.button, styles[tone], small && styles.small, className)}>
      {busy ? <LoaderCircle className={styles.turning} aria-hidden /> : icon}
      <span className={styles.label}>{children}</span>
    </Pressable>
  );
}

export interface IconButtonProps extends Omit<PressableProps, "children" | "className" | "style" | "aria-label"> {
  /** Read aloud and shown as a tooltip. */
  label: string;
  icon: ReactNode;
  /** Keys that do the same, shown in the tooltip: "mod+k". */
  keys?: string;
  tone?: Tone;
  small?: boolean;
  /** No tooltip: the sign says it, and Esc shall not have to close a tooltip first. */
  noTip?: boolean;
  /** For a toggle: on or off. */
  pressed?: boolean;
  className?: string;
}

export function IconButton({ label, icon, keys, tone = "quiet", small, noTip, pressed, className, ...rest }: IconButtonProps) {
  const button = (
    <Pressable {...rest} aria-label={label} aria-pressed={pressed} className={join(styles.button, styles.icon, styles[tone], small && styles.small, className)}>
      {icon}
    </Pressable>
  );
  if (noTip) return button;
  return (
    <Tooltip text={label} keys={keys}>
      {button}
    </Tooltip>
  );
}

export interface LinkButtonProps {
  href: string;
  children: ReactNode;
  tone?: Tone;
  small?: boolean;
  icon?: ReactNode;
  /** Save what the address holds under this name instead of opening it. */
  download?: string | boolean;
  target?: string;
  className?: string;
}

/** Looks like a button, goes somewhere. */
export function LinkButton({ href, children, tone = "plain", small, icon, className, ...rest }: LinkButtonProps) {
  return (
    <Link {...rest} href={href} className={join(styles.button, styles[tone], small && styles.small, className)}>
      {icon}
      <span className={styles.label}>{children}</span>
    </Link>
  );
}
