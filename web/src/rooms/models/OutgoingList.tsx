import { ArrowUp } from "lucide-react";
import { useOutgoing } from "@/api";
import { Button, EmptyState, ErrorNote, format, Skeleton, Status } from "@/components";
import styles from "./models.module.css";

const OUTCOMES = { ok: "good", failed: "problem", refused: "notice" } as const;

/** Every connection to the outside, the latest first. */
export function OutgoingList() {
  const { items, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useOutgoing();
  if (error && items.length === 0) return <ErrorNote error={error} title="The record of connections could not be read" retry={() => void refetch()} />;
  if (isPending) return <Skeleton rows={6} rowHeight={52} label="Reading the record" />;
  if (items.length === 0)
    return (
      <EmptyState small icon={<ArrowUp aria-hidden />} title="Nothing has left this machine">
        Every connection to the outside is written down here: when, where to, what for and how much.
      </EmptyState>
    );
  return (
    <>
      <ol className={styles.connections}>
        {items.map((one, at) => (
          <li key={`${one.at}-${at}`} className={styles.connection}>
            <code dir="ltr" className={styles.destination}>
              {one.destination}
            </code>
            <span className={styles.quiet}>{one.purpose}</span>
            <span className={styles.amounts}>
              <Status meaning={OUTCOMES[one.outcome]}>{one.outcome === "ok" ? "Done" : one.outcome === "failed" ? "Failed" : "Refused"}</Status>
              <span>
                {format.bytes(one.sentBytes)} sent, {format.bytes(one.receivedBytes)} received
              </span>
              <time dateTime={one.at} title={format.longTime(one.at)}>
                {format.ago(one.at)}
              </time>
            </span>
            {one.detail && one.outcome !== "ok" && <span className={styles.quiet}>{one.detail}</span>}
          </li>
        ))}
      </ol>
      {hasNextPage && (
        <Button small busy={isFetchingNextPage} onPress={() => void fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
    </>
  );
}
