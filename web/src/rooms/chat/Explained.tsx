import { Brain, Check, CircleDashed, FileText } from "lucide-react";
import { Link } from "react-aria-components";
import { useTurnSteps, type Message, type Recalled } from "@/api";
import { Badge, CodeBlock, EmptyState, Facts, format, InspectorSection } from "@/components";
import styles from "./Explained.module.css";
import { citedAs, modelWords, sourceAddress, sourceName, tokenWords } from "./words";

/** How an answer came about: its steps, what was recalled and why, who wrote it. */
export function Explained({ message }: { message: Message }) {
  const live = useTurnSteps(message.id);
  const steps = message.steps.length > 0 ? message.steps : live;
  const calls = message.toolCalls as { name?: string; arguments?: unknown; ok?: boolean; elapsedMs?: number }[];
  return (
    <>
      {steps.length > 0 && (
        <InspectorSection title="Steps">
          <ol className={styles.steps}>
            {steps.map((step, at) => (
              <li key={at} className={styles.step}>
                <Check aria-hidden />
                <span>{capital(step.text)}</span>
                {step.elapsedMs !== null && <span className={styles.took}>{format.duration(step.elapsedMs)}</span>}
              </li>
            ))}
            {message.status === "streaming" && (
              <li className={styles.step}>
                <CircleDashed aria-hidden />
                <span>Under way</span>
              </li>
            )}
          </ol>
        </InspectorSection>
      )}
      {calls.length > 0 && (
        <InspectorSection title="Tools that were used">
          {calls.map((call, at) => (
            <details key={at} className={styles.call}>
              <summary>
                {call.name ?? "A tool"}
                {call.ok === false && ", failed"}
                {typeof call.elapsedMs === "number" && <span className={styles.took}>{format.duration(call.elapsedMs)}</span>}
              </summary>
              <CodeBlock text={typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments ?? {}, null, 2)} language="arguments" />
            </details>
          ))}
        </InspectorSection>
      )}
      <InspectorSection title="What was recalled, and why">
        {message.recalled.length > 0 ? (
          <ul className={styles.recalled}>
            {message.recalled.map((one, at) => (
              <RecalledOne key={at} recalled={one} number={citedAs(one, message.citations)} />
            ))}
          </ul>
        ) : (
          <EmptyState small title={message.status === "streaming" ? "Not known yet" : "Nothing"}>
            {message.status === "streaming" ? "It shows when the answer is complete." : "Neither your documents nor your memories had anything on this."}
          </EmptyState>
        )}
      </InspectorSection>
      <InspectorSection title="Facts">
        <Facts
          facts={[
            ["Written by", message.model ? modelWords(message.model) : message.answered === "model" ? null : "No model; quoted or found"],
            ["Tokens", tokenWords(message.tokens)],
            ["Took", message.elapsedMs !== null && format.duration(message.elapsedMs)],
            ["At", format.longTime(message.createdAt)],
            message.taskId !== null && [
              "Task",
              <span key="task" className="mono">
                {message.taskId}
              </span>,
            ],
          ]}
        />
      </InspectorSection>
    </>
  );
}

function RecalledOne({ recalled, number }: { recalled: Recalled; number: number | null }) {
  const scores = [
    recalled.textScore !== null && `words ${format.percent(recalled.textScore)}`,
    recalled.vectorScore !== null && `meaning ${format.percent(recalled.vectorScore)}`,
  ].filter(Boolean);
  return (
    <li className={styles.one}>
      <header className={styles.head}>
        {recalled.kind === "memory" ? <Brain aria-hidden /> : <FileText aria-hidden />}
        <Link href={sourceAddress(recalled)} className={styles.name}>
          {sourceName(recalled)}
        </Link>
        {number === null ? <span className={styles.uncited}>not cited</span> : <Badge meaning="accent">cited as {number}</Badge>}
      </header>
      <p className={styles.text} dir="auto">
        <Marked text={recalled.text.replace(/\s+/g, " ").trim()} terms={recalled.matchedTerms} />
      </p>
      <div className={styles.score}>
        <span className={styles.meter} aria-hidden>
          <span style={{ width: format.percent(recalled.score).replace(" ", "") }} />
        </span>
        <span className="figures">{format.percent(recalled.score)}</span>
        {scores.length > 0 && <span className="figures">({scores.join(", ")})</span>}
      </div>
      {recalled.why.length > 0 && (
        <ul className={styles.why}>
          {recalled.why.map((reason) => (
            <li key={reason}>{capital(reason)}</li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** The text with the words that matched marked, by their beginnings: the index matches stems. */
function Marked({ text, terms }: { text: string; terms: readonly string[] }) {
  const stems = terms.map((term) => term.trim()).filter((term) => term.length > 1);
  if (stems.length === 0) return text;
  const pattern = new RegExp(`((?<![\\p{L}\\p{N}])(?:${stems.map((stem) => stem.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})[\\p{L}\\p{N}]*)`, "giu");
  return text.split(pattern).map((part, at) => (at % 2 ? <mark key={at}>{part}</mark> : part));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
