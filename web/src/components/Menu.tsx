import type { ReactElement, ReactNode } from "react";
import { Header, Keyboard, MenuItem, MenuSection, MenuTrigger, Popover, Menu as Items, Separator } from "react-aria-components";
import { Kbd } from "./Kbd";
import styles from "./Menu.module.css";
import { join } from "./join";

export interface MenuAction {
  id: string;
  label: string;
  icon?: ReactNode;
  keys?: string;
  hint?: string;
  tone?: "danger";
  isDisabled?: boolean;
  /** Goes to this address instead of acting. */
  href?: string;
  onAction?: () => void;
}

export interface MenuGroup {
  id: string;
  label?: string;
  items: readonly MenuAction[];
}

export interface MenuProps {
  /** What opens it: a Button or an IconButton. */
  trigger: ReactElement;
  label: string;
  items?: readonly MenuAction[];
  /** Groups are set apart by a line. */
  groups?: readonly MenuGroup[];
  placement?: "bottom start" | "bottom end" | "top start" | "top end";
}

function one({ id, label, icon, keys, hint, tone, ...rest }: MenuAction) {
  return (
    <MenuItem key={id} id={id} textValue={label} className={join(styles.item, tone === "danger" && styles.danger)} {...rest}>
      {icon && <span className={styles.icon}>{icon}</span>}
      <span className={styles.words}>
        {label}
        {hint && <span className={styles.hint}>{hint}</span>}
      </span>
      {keys && (
        <Keyboard>
          <Kbd keys={keys} />
        </Keyboard>
      )}
    </MenuItem>
  );
}

export function Menu({ trigger, label, items = [], groups, placement = "bottom end" }: MenuProps) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className={styles.popover} placement={placement} offset={4}>
        <Items aria-label={label} className={styles.menu}>
          {groups
            ? groups.flatMap((group, at) => [
                at > 0 && <Separator key={`${group.id}-line`} className={styles.line} />,
                <MenuSection key={group.id} aria-label={group.label ?? group.id}>
                  {group.label && <Header className={styles.header}>{group.label}</Header>}
                  {group.items.map(one)}
                </MenuSection>,
              ])
            : items.map(one)}
        </Items>
      </Popover>
    </MenuTrigger>
  );
}
