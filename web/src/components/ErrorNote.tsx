import type { ReactNode } from "react";
import { ApiError } from "@/api/client";
import { Button } from "./Button";
import styles from "./ErrorNote.module.css";
import { Note } from "./Status";

export interface ErrorNoteProps {
  /** What was thrown. */
  error: unknown;
  /** What could not be done: "The document was not deleted". */
  title?: string;
  /** What it means for the person's data, where that is not plain: "Nothing was lost". */
  meaning?: string;
  retry?: () => void;
  /** Other ways out, beside "Try again". */
  actions?: ReactNode;
  className?: string;
}

/** What happened, what it means, what to do next; the request id behind "Details". */
export function ErrorNote({ error, title, meaning, retry, actions, className }: ErrorNoteProps) {
  const known = error instanceof ApiError ? error : null;
  const message = known?.message ?? "Something in this page went wrong. Your data is untouched; reload the page and try again.";
  return (
    <Note
      role="alert"
      meaning={known?.isUnreachable ? "notice" : "problem"}
      title={title ?? message}
      className={className}
      actions={
        (retry || actions) && (
          <>
            {retry && (
              <Button small onPress={retry}>
                Try again
              </Button>
            )}
            {actions}
          </>
        )
      }
    >
      {title && <p>{message}</p>}
      {meaning && <p>{meaning}</p>}
      <details className={styles.details}>
        <summary>Details</summary>
        <dl className={styles.list}>
          {known ? (
            <>
              <dt>Code</dt>
              <dd className="mono">
                {known.code}
                {known.status > 0 && ` (${known.status})`}
              </dd>
              {known.requestId && (
                <>
                  <dt>Request</dt>
                  <dd className="mono">{known.requestId}</dd>
                </>
              )}
              {Object.keys(known.details).length > 0 && (
                <>
                  <dt>More</dt>
                  <dd className="mono">{JSON.stringify(known.details, null, 1)}</dd>
                </>
              )}
            </>
          ) : (
            <>
              <dt>Error</dt>
              <dd className="mono">{String(error)}</dd>
            </>
          )}
        </dl>
      </details>
    </Note>
  );
}
