import { useState } from "react";
import { useAgentText, useSaveAgentText, type Agent } from "@/api";
import { Button, ErrorNote, format, Skeleton, TextField, toast } from "@/components";
import styles from "./settings.module.css";

/** The agent's SOUL.md. Saving names the version it began from, so that an editor's changes are never overwritten unseen. */
export function Soul({ agent }: { agent: Agent }) {
  const soul = useAgentText(agent.id, "soul");
  const save = useSaveAgentText(agent.id, "soul");
  const [draft, setDraft] = useState<{ text: string; etag: string } | null>(null);
  if (soul.isPending) return <Skeleton rows={4} label="Reading the character" />;
  if (soul.isError) return <ErrorNote error={soul.error} title="SOUL.md could not be read" retry={() => void soul.refetch()} />;
  const isChanged = draft !== null && draft.text !== soul.data.content;
  const isOverwritten = save.isError && save.error.status === 409;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (draft)
          save.mutate({ content: draft.text, etag: draft.etag }, { onSuccess: () => (setDraft(null), toast("Saved. It holds from the next message on.")) });
      }}
    >
      <TextField
        label={`SOUL.md of ${agent.name}`}
        lines={8}
        mono
        value={draft?.text ?? soul.data.content}
        onChange={(text) => setDraft({ text, etag: draft?.etag ?? soul.data.etag })}
        hint={soul.data.updatedAt ? `Changed ${format.ago(soul.data.updatedAt)}` : undefined}
      />
      {save.isError && (
        <ErrorNote
          error={save.error}
          title={isOverwritten ? "The file was changed elsewhere in the meantime" : "SOUL.md was not saved"}
          meaning="What you wrote is still here."
          retry={isOverwritten ? undefined : () => draft && save.mutate({ content: draft.text, etag: draft.etag })}
        />
      )}
      {isChanged && (
        <div className={styles.links}>
          <Button
            onPress={() => {
              setDraft(null);
              save.reset();
              void soul.refetch();
            }}
          >
            Discard
          </Button>
          <Button tone="primary" type="submit" busy={save.isPending}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
}
