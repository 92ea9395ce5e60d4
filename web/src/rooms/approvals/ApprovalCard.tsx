import { useEffect, useState, type ReactNode } from "react";
import { useDecide, type Approval } from "@/api";
import { Badge, Button, ErrorNote, format, Note, TextField } from "@/components";
import styles from "./approvals.module.css";
import { nameOf, outcome, riskOf, titleOf } from "./words";

/** How long "Allow" stays out of reach after the card appears, so that a key or click meant for something else can't answer it. */
const ARMING_MS = 1200;

function useArmed(key: string): boolean {
  const [armed, setArmed] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setArmed(key), ARMING_MS);
    return () => clearTimeout(timer);
  }, [key]);
  return armed === key;
}

function useNow(everyMs: number, isOn: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isOn) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isOn]);
  return now;
}

/** A question with exactly what would happen. Reject comes first in tab order; Allow arms after a moment. */
export function ApprovalCard({ approval, small }: { approval: Approval; small?: boolean }) {
  const decide = useDecide();
  const isPending = approval.status === "pending";
  const isArmed = useArmed(approval.id);
  const [edited, setEdited] = useState<string | null>(null);
  const [editError, setEditError] = useState<string | null>(null);
  const now = useNow(1000, isPending && approval.expiresAt !== null);
  const leftMs = approval.expiresAt ? new Date(approval.expiresAt).getTime() - now : null;
  const risk = riskOf(approval.risk);

  const allow = () => {
    if (edited === null) {
      decide.mutate({ id: approval.id, verdict: "approve" });
      return;
    }
    try {
      decide.mutate({ id: approval.id, verdict: "edit", parameters: JSON.parse(edited) as Record<string, unknown> });
    } catch {
      setEditError("This is not valid JSON. Check the commas and quotes.");
    }
  };

  return (
    <article className={styles.card} aria-label={`Question: ${titleOf(approval)}`}>
      <header className={styles.cardHeader}>
        <h2>{titleOf(approval)}</h2>
        <Badge meaning={risk.meaning}>{risk.word}</Badge>
      </header>
      <p className={styles.about}>
        {approval.agentId ? "The agent asked for" : "You asked for"} <code>{approval.toolName}</code>, {format.ago(approval.requestedAt)}.
      </p>
      <div className={styles.preview}>
        {typeof approval.preview.action === "string" && <p className={styles.action}>{approval.preview.action}</p>}
        <Preview values={approval.preview} without={[titleOf(approval), approval.preview.action]} />
      </div>
      {!small && (
        <details className={styles.exact}>
          <summary>The exact call</summary>
          {edited === null ? (
            <pre tabIndex={0}>{JSON.stringify(approval.parameters, null, 2)}</pre>
          ) : (
            <TextField
              label="Parameters"
              hideLabel
              lines={6}
              mono
              spellCheck={false}
              value={edited}
              error={editError}
              onChange={(text) => (setEdited(text), setEditError(null))}
            />
          )}
          {isPending && approval.editable && edited === null && (
            <Button small onPress={() => setEdited(JSON.stringify(approval.parameters, null, 2))}>
              Change it
            </Button>
          )}
        </details>
      )}
      {decide.isError && <ErrorNote error={decide.error} title="Your answer did not count" meaning="Nothing was done." />}
      {isPending ? (
        <footer className={styles.answer}>
          <Button busy={decide.isPending && decide.variables.verdict === "reject"} onPress={() => decide.mutate({ id: approval.id, verdict: "reject" })}>
            Reject
          </Button>
          <Button
            tone={risk.meaning === "problem" ? "danger" : "primary"}
            isDisabled={!isArmed}
            busy={decide.isPending && decide.variables.verdict !== "reject"}
            onPress={allow}
          >
            {edited === null ? "Allow" : "Allow with changes"}
          </Button>
          {leftMs !== null && (
            <span className={styles.left}>
              {leftMs > 0 ? `Rejected by itself in ${format.duration(Math.ceil(leftMs / 1000) * 1000)}` : "The time to answer is over"}
            </span>
          )}
        </footer>
      ) : (
        <Note meaning={approval.status === "approved" || approval.status === "edited" ? "good" : "info"}>
          {capital(outcome(approval))}
          {approval.decidedAt && `, ${format.longTime(approval.decidedAt)}`}
          {approval.decidedBy && ` by ${approval.decidedBy}`}
          {approval.reason && `: ${approval.reason}`}
        </Note>
      )}
    </article>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What the tool says it would do, as names and values; long texts as texts, lists as lists. */
function Preview({ values, without = [] }: { values: Record<string, unknown>; without?: readonly unknown[] }) {
  const shown = Object.entries(values).filter(
    ([key, value]) =>
      key !== "id" && value !== null && value !== undefined && value !== "" && !without.includes(value) && !(Array.isArray(value) && value.length === 0),
  );
  const only = shown.length === 1 ? shown[0]?.[1] : null;
  // What is said about one thing needs no heading of its own.
  if (only && typeof only === "object" && !Array.isArray(only)) return <Preview values={only as Record<string, unknown>} />;
  if (shown.length === 0) return null;
  return (
    <dl className={styles.values}>
      {shown.map(([key, value]) => (
        <div key={key} className={styles.previewRow}>
          <dt>{nameOf(key)}</dt>
          <dd dir="auto">{inWords(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function inWords(value: unknown): ReactNode {
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? format.longTime(value) : value;
  if (typeof value === "number") return value.toLocaleString("en");
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) {
    return (
      <ul className={styles.many}>
        {value.map((one, at) => (
          <li key={at}>{inWords(one)}</li>
        ))}
      </ul>
    );
  }
  if (value && typeof value === "object") return <Preview values={value as Record<string, unknown>} />;
  return String(value);
}
