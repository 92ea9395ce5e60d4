import styles from "./Scores.module.css";

export interface Score {
  name: string;
  /** From 0 to 1; null when this part had nothing to say. */
  value: number | null;
  /** What it measures, in a few words. */
  about: string;
}

/** Parts of a score as bars that all begin at zero and end at one. */
export function Scores({ scores }: { scores: readonly Score[] }) {
  return (
    <dl className={styles.scores}>
      {scores.map(({ name, value, about }) => (
        <div key={name} className={styles.score}>
          <dt>{name}</dt>
          <dd className={styles.value}>{value === null ? "none" : value.toFixed(2)}</dd>
          <dd className={styles.track} aria-hidden>
            <span className={styles.bar} style={{ width: `${Math.min(1, Math.max(0, value ?? 0)) * 100}%` }} />
          </dd>
          <dd className={styles.about}>{about}</dd>
        </div>
      ))}
    </dl>
  );
}
