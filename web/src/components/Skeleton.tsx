import { useEffect, useState } from "react";
import styles from "./Skeleton.module.css";
import { join } from "./join";

/** True once it has lasted 300 ms: what is quicker shows nothing at all. */
export function useLate(ms = 300): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return isLate;
}

export interface SkeletonProps {
  /** As many rows as what comes will have. */
  rows?: number;
  /** Height of one row in pixels, gap included, so that nothing moves when it comes. */
  rowHeight?: number;
  label?: string;
  className?: string;
}

/** Holds the place of what is being read; drawn only when that takes longer than 300 ms. */
export function Skeleton({ rows = 3, rowHeight = 44, label = "Loading", className }: SkeletonProps) {
  const isLate = useLate();
  return (
    <div className={join(styles.skeleton, className)} role="status" style={{ minHeight: rows * rowHeight }}>
      {isLate && (
        <>
          <span className="aside-voice">{label}</span>
          {Array.from({ length: rows }, (_, row) => (
            <div key={row} className={styles.row} style={{ height: rowHeight }}>
              <div className={styles.bar} style={{ width: `${72 - ((row * 17) % 40)}%` }} />
            </div>
          ))}
        </>
      )}
    </div>
  );
}
