import type { ReactNode } from "react";
import { Tab, TabList, TabPanel, Tabs as Frame } from "react-aria-components";
import styles from "./Tabs.module.css";
import { join } from "./join";

export interface TabOf<T extends string = string> {
  id: T;
  label: string;
  /** A number beside the word. */
  count?: number | null;
  content: ReactNode;
}

export interface TabsProps<T extends string = string> {
  label: string;
  tabs: readonly TabOf<T>[];
  selected: T;
  onSelect: (id: T) => void;
  className?: string;
}

/** The selected tab belongs in the address: give `useParam("tab")`. */
export function Tabs<T extends string>({ label, tabs, selected, onSelect, className }: TabsProps<T>) {
  return (
    <Frame selectedKey={selected} onSelectionChange={(key) => onSelect(key as T)} className={join(styles.frame, className)}>
      <TabList aria-label={label} className={styles.list}>
        {tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className={styles.tab}>
            {tab.label}
            {typeof tab.count === "number" && <span className={join(styles.count, "figures")}>{tab.count.toLocaleString("en")}</span>}
          </Tab>
        ))}
      </TabList>
      {tabs.map((tab) => (
        <TabPanel key={tab.id} id={tab.id} className={styles.panel}>
          {tab.content}
        </TabPanel>
      ))}
    </Frame>
  );
}
