import { Dialog, Kbd } from "@/components";
import styles from "./Keys.module.css";
import { LOCAL, SHORTCUTS } from "./shortcuts";

/** The list of keys. */
export function Keys({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog title="Keys" isOpen={isOpen} onClose={onClose} wide>
      <div className={styles.columns}>
        <Part title="Anywhere" keys={SHORTCUTS} />
        {LOCAL.map((part) => (
          <Part key={part.place} title={part.place} keys={part.keys} />
        ))}
      </div>
    </Dialog>
  );
}

function Part({ title, keys }: { title: string; keys: readonly { keys: string; does: string }[] }) {
  return (
    <section>
      <h3 className={styles.title}>{title}</h3>
      <dl className={styles.list}>
        {keys.map((one) => (
          <div key={one.keys} className={styles.row}>
            <dt>{one.does}</dt>
            <dd>
              <Kbd keys={one.keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
