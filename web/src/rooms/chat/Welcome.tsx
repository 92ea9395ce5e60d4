import { ArrowUpRight, FileUp, MessageSquareText } from "lucide-react";
import { useDocuments, useModels, type Model } from "@/api";
import { Button, EmptyState, format, LinkButton, Note, ProgressBar } from "@/components";
import styles from "./Welcome.module.css";

export interface WelcomeProps {
  onAsk: (question: string) => void;
  onFiles: () => void;
}

const BUSY = new Set<Model["status"]>(["queued", "downloading", "verifying"]);

/** A chat in which nothing was said yet: what lives here, one thing to do, one example. While models come, their progress and what works already. */
export function Welcome({ onAsk, onFiles }: WelcomeProps) {
  const models = useModels();
  const documents = useDocuments();
  const newest = documents.items.find((one) => one.status === "ready");
  const example = newest ? `Summarise ${newest.filename}` : "Remember that my sister’s name is Ingrid and that she is allergic to nuts.";
  return (
    <EmptyState
      className={styles.welcome}
      icon={<MessageSquareText aria-hidden />}
      title="What would you like to know?"
      action={
        <Button icon={<FileUp aria-hidden />} onPress={onFiles}>
          Add a document
        </Button>
      }
      example={
        <>
          <div className={styles.place}>
            {!documents.isPending && (
              <button type="button" className={styles.example} onClick={() => onAsk(example)}>
                <span>
                  <span className={styles.exampleLabel}>For example</span>
                  {example}
                </span>
                <ArrowUpRight aria-hidden />
              </button>
            )}
          </div>
          {models.data && <Preparing models={models.data.items} hasChat={models.data.chat.modelId !== null} />}
        </>
      }
    >
      Ask about your documents, or about what you told me before. Every answer shows where it comes from.
    </EmptyState>
  );
}

/** What is still on its way, calmly; what failed, with the way out. */
export function Preparing({ models, hasChat }: { models: readonly Model[]; hasChat: boolean }) {
  const coming = models.filter((one) => BUSY.has(one.status));
  const failed = models.filter((one) => one.status === "failed" && (one.kind === "embedding" || !hasChat));
  if (coming.length > 0) {
    return (
      <section className={styles.preparing} aria-label="Getting ready">
        <h3 className={styles.preparingTitle}>
          Getting ready: {coming.length === 1 ? "a model is" : `${coming.length} models are`} on the way to this machine
        </h3>
        {coming.map((model) => (
          <ProgressBar
            key={model.id}
            label={`${model.name} (${model.kind === "chat" ? "writes answers" : "finds by meaning"})`}
            value={model.status === "downloading" && model.totalBytes ? model.doneBytes / model.totalBytes : null}
            detail={
              model.status === "queued"
                ? "waits its turn"
                : model.status === "verifying"
                  ? "being checked"
                  : model.totalBytes
                    ? `${format.bytes(model.doneBytes)} of ${format.bytes(model.totalBytes)}`
                    : format.bytes(model.doneBytes)
            }
          />
        ))}
        <p className={styles.meanwhile}>
          {coming.some((one) => one.kind === "chat") && !hasChat
            ? "Meanwhile you can add documents, search them by words, and ask: until a model is here, answers are quoted from your documents."
            : "Meanwhile everything works; what is found by meaning catches up."}
        </p>
      </section>
    );
  }
  if (failed.length > 0) {
    return (
      <Note
        meaning="notice"
        title={`${failed[0]?.name} could not be fetched`}
        actions={
          <LinkButton small href="/models">
            Look at the models
          </LinkButton>
        }
      >
        {failed[0]?.error ?? "The download stopped."} {hasChat ? "" : "Until a model is here, answers are quoted from your documents."}
      </Note>
    );
  }
  if (!hasChat) {
    return (
      <Note
        meaning="info"
        title="No model writes answers yet"
        actions={
          <LinkButton small href="/models">
            Choose a model
          </LinkButton>
        }
      >
        Until then, answers are quoted from your documents word for word.
      </Note>
    );
  }
  return null;
}
