import type { ReactElement } from "react";
import { Tooltip as Bubble, TooltipTrigger } from "react-aria-components";
import { Kbd } from "./Kbd";
import styles from "./Tooltip.module.css";

export interface TooltipProps {
  text: string;
  keys?: string;
  /** One thing that can be pressed. */
  children: ReactElement;
}

/** The name of a thing that has only an icon; never the only place of something a person must know. */
export function Tooltip({ text, keys, children }: TooltipProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Bubble offset={6} className={styles.bubble}>
        {text}
        {keys && <Kbd keys={keys} />}
      </Bubble>
    </TooltipTrigger>
  );
}
