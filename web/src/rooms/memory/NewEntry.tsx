import { useState } from "react";
import { useAgents, useCreateEntry, type Category, type Scope } from "@/api";
import { Button, ErrorNote, Scroll, Select, TextField, WorkPane } from "@/components";
import { href, useGo } from "@/shell/address";
import { EntryFields } from "./EntryPage";
import styles from "./EntryPage.module.css";
import { useKept } from "./MemoryList";
import { toTags } from "./words";

export function NewEntry() {
  const go = useGo();
  const kept = useKept();
  const create = useCreateEntry();
  const [content, setContent] = useState("");
  const [category, setCategory] = useState<Category>("fact");
  const [scope, setScope] = useState<Scope>("user");
  const [importance, setImportance] = useState(0.5);
  const [tags, setTags] = useState("");
  const [wasTried, setTried] = useState(false);
  const agents = useAgents().data ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const agentId = chosen ?? (agents.find((agent) => agent.isDefault) ?? agents[0])?.id ?? null;
  const save = () => {
    setTried(true);
    if (!content.trim() || create.isPending) return;
    create.mutate({ content: content.trim(), category, scope, agentId: scope === "agent" ? agentId : null, importance, tags: toTags(tags) }, { onSuccess: (entry) => go(href(`/memory/${entry.id}`), { replace: true }) });
  };
  return (
    <WorkPane title={<h1>Remember something</h1>} back={href("/memory", kept)}>
      <Scroll>
        <form
          noValidate
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) save();
          }}
        >
          <TextField
            label="What to remember"
            hint="One thing at a time, in a sentence that can stand by itself."
            placeholder="Ann prefers green tea in the morning."
            lines={3}
            value={content}
            onChange={setContent}
            autoFocus
            error={wasTried && !content.trim() ? "Write what to remember." : null}
          />
          <EntryFields {...{ category, setCategory, scope, setScope, importance, setImportance, tags, setTags }} />
          {scope === "agent" && <Select label="Which agent" options={agents.map(({ id, name }) => ({ id, label: name }))} value={agentId} onChange={setChosen} />}
          {create.error && <ErrorNote error={create.error} title="It was not saved" meaning="What you wrote is still here." />}
          <div className={styles.buttons}>
            <Button type="submit" tone="primary" busy={create.isPending}>
              Remember
            </Button>
          </div>
        </form>
      </Scroll>
    </WorkPane>
  );
}
