import { Check, Ellipsis, Eraser, FileX2, Pencil, TimerOff, TimerReset, Trash2, Waypoints } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { ApiError, useAgents, useDeleteEntry, useEntry, useEntryHistory, useForgetEntry, usePatchEntry, type Category, type Entry, type Scope } from "@/api";
import {
  Badge,
  Button,
  Confirm,
  EmptyState,
  ErrorNote,
  Facts,
  format,
  IconButton,
  LinkButton,
  Menu,
  Note,
  Scroll,
  Segmented,
  Skeleton,
  Slider,
  Status,
  TextField,
  toast,
  WorkPane,
} from "@/components";
import { href, useGo, useInspect, useParam } from "@/shell/address";
import styles from "./EntryPage.module.css";
import { useKept } from "./MemoryList";
import { SourceLink } from "./SourceLink";
import { CATEGORIES, categoryWord, importanceWord, SCOPES, toTags } from "./words";

export function EntryPage({ id }: { id: string }) {
  const kept = useKept();
  const { data, error, refetch } = useEntry(id);
  const back = href("/memory", kept);
  if (error && !data)
    return (
      <WorkPane title={<h1>Memory</h1>} back={back}>
        <Scroll>
          {error.code === "not_found" ? (
            <EmptyState icon={<FileX2 aria-hidden />} title="This is no longer remembered" action={<LinkButton href={back}>Back to the memory</LinkButton>}>
              It was deleted or forgotten, or the address is wrong.
            </EmptyState>
          ) : (
            <ErrorNote error={error} title="This memory could not be read" meaning="It is safe on your disk." retry={() => void refetch()} />
          )}
        </Scroll>
      </WorkPane>
    );
  if (!data)
    return (
      <WorkPane title="" back={back}>
        <Scroll>
          <Skeleton rows={5} rowHeight={44} label="Reading the memory" />
        </Scroll>
      </WorkPane>
    );
  return <Opened key={id} entry={data} back={back} />;
}

function Opened({ entry, back }: { entry: Entry; back: string }) {
  const go = useGo();
  const kept = useKept();
  const inspect = useInspect();
  const [q] = useParam("q");
  const [isEditing, setEditing] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const remove = useDeleteEntry();
  const forget = useForgetEntry();
  const end = usePatchEntry();
  const waits = forget.data?.approvalId ?? (forget.error?.code === "conflict" ? String(forget.error.details.approvalId ?? "") : null);

  return (
    <WorkPane
      back={back}
      title={<h1>{categoryWord(entry.category)}</h1>}
      aside={entry.validTo && <Status meaning="idle">No longer so</Status>}
      actions={
        <>
          {q && (
            <Button small tone="quiet" aria-expanded={inspect.kind === "why"} onPress={() => (inspect.kind === "why" ? inspect.close() : inspect.open("why", entry.id))}>
              Why it was found
            </Button>
          )}
          {!isEditing && <IconButton label="Edit" icon={<Pencil aria-hidden />} onPress={() => setEditing(true)} />}
          <Menu
            label="More for this memory"
            trigger={<IconButton label="More" icon={<Ellipsis aria-hidden />} />}
            items={[
              entry.validTo
                ? {
                    id: "again",
                    label: "It holds again",
                    icon: <TimerReset aria-hidden />,
                    isDisabled: Boolean(entry.supersededBy),
                    onAction: () => end.mutate({ id: entry.id, patch: { validTo: null } }),
                  }
                : {
                    id: "end",
                    label: "No longer so",
                    hint: "Kept, for when you ask about the past",
                    icon: <TimerOff aria-hidden />,
                    onAction: () => end.mutate({ id: entry.id, patch: { validTo: new Date().toISOString() } }),
                  },
              {
                id: "forget",
                label: "Forget",
                hint: "Erased with every trace, after you approve",
                icon: <Eraser aria-hidden />,
                onAction: () => forget.mutate(entry.id),
              },
              { id: "delete", label: "Delete", hint: "This one goes at once", icon: <Trash2 aria-hidden />, tone: "danger", onAction: () => setAsking(true) },
            ]}
          />
        </>
      }
    >
      <Confirm
        danger
        isOpen={isAsking}
        onClose={() => {
          setAsking(false);
          remove.reset();
        }}
        title="Delete this memory?"
        verb="Delete this memory"
        error={remove.error}
        onConfirm={async () => {
          await remove.mutateAsync(entry.id);
          setAsking(false);
          toast("It is deleted");
          go(back, { replace: true });
        }}
      >
        <blockquote className={styles.quote} dir="auto">
          {entry.content}
        </blockquote>
        <p>The agent will no longer know this. Older versions of it stay. This can't be undone.</p>
      </Confirm>
      <Scroll>
        <div className={styles.page}>
          {end.error && <ErrorNote error={end.error} title="The change was not saved" meaning="It is remembered as before." />}
          {forget.error && waits === null && <ErrorNote error={forget.error} title="Nothing was asked for" meaning="This memory is unchanged." />}
          {waits !== null && (
            <Note
              meaning="info"
              role="status"
              title={forget.error ? "This waits for your answer already" : "This waits for your answer"}
              actions={
                <LinkButton small tone="primary" href={waits ? `/approvals/${waits}` : "/approvals"}>
                  Go to the question
                </LinkButton>
              }
            >
              Forgetting erases it for good, so it is asked first. Until you approve, it is remembered as before.
            </Note>
          )}
          {entry.supersededBy && (
            <Note
              meaning="notice"
              title="Something newer took its place"
              actions={
                <LinkButton small href={href(`/memory/${entry.supersededBy}`, kept)}>
                  Show what holds now
                </LinkButton>
              }
            >
              It held until {entry.validTo ? format.longTime(entry.validTo) : "then"}. The agent uses it only when asked about that time.
            </Note>
          )}
          {isEditing ? (
            <Editing entry={entry} onDone={() => setEditing(false)} />
          ) : (
            <button type="button" className={styles.content} dir="auto" onClick={() => setEditing(true)} aria-label={`Edit: ${entry.content}`}>
              {entry.content}
            </button>
          )}
          {!isEditing && <Details entry={entry} />}
          <Versions id={entry.id} />
        </div>
      </Scroll>
    </WorkPane>
  );
}

function Editing({ entry, onDone }: { entry: Entry; onDone: () => void }) {
  const go = useGo();
  const kept = useKept();
  const patch = usePatchEntry();
  const [content, setContent] = useState(entry.content);
  const [category, setCategory] = useState<Category>(entry.category);
  const [importance, setImportance] = useState(entry.importance);
  const [tags, setTags] = useState(entry.tags.join(", "));
  const save = () => {
    if (!content.trim() || patch.isPending) return;
    const changed = {
      ...(content.trim() !== entry.content && { content: content.trim() }),
      ...(category !== entry.category && { category }),
      ...(importance !== entry.importance && { importance }),
      ...(toTags(tags).join() !== entry.tags.join() && { tags: toTags(tags) }),
    };
    if (Object.keys(changed).length === 0) return onDone();
    patch.mutate(
      { id: entry.id, patch: changed },
      {
        onSuccess: (saved) => {
          onDone();
          // Other words may be kept as a new version, with an id of its own.
          if (saved.id !== entry.id) go(href(`/memory/${saved.id}`, kept), { replace: true });
        },
      },
    );
  };
  return (
    <form
      noValidate
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) onDone();
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) save();
      }}
    >
      <TextField label="What is remembered" lines={3} value={content} onChange={setContent} autoFocus error={content.trim() ? null : "Write what to remember, or delete it."} />
      <EntryFields {...{ category, setCategory, importance, setImportance, tags, setTags }} />
      {patch.error && <ErrorNote error={patch.error} title="The change was not saved" meaning="It is remembered as before." />}
      <div className={styles.buttons}>
        <Button type="submit" tone="primary" busy={patch.isPending} icon={<Check aria-hidden />}>
          Save
        </Button>
        <Button onPress={onDone}>Leave it as it was</Button>
      </div>
    </form>
  );
}

interface EntryFieldsProps {
  category: Category;
  setCategory: (category: Category) => void;
  /** Who may use it is settled when it is written. */
  scope?: Scope;
  setScope?: (scope: Scope) => void;
  importance: number;
  setImportance: (importance: number) => void;
  tags: string;
  setTags: (tags: string) => void;
}

export function EntryFields({ category, setCategory, scope, setScope, importance, setImportance, tags, setTags }: EntryFieldsProps) {
  return (
    <>
      <Segmented label="Kind" options={CATEGORIES} value={category} onChange={setCategory} />
      {scope && setScope && <Segmented label="Who may use it" options={SCOPES} value={scope} onChange={setScope} />}
      <Slider label="Importance" value={importance} onChange={setImportance} format={{ style: "percent" }} className={styles.slider} />
      <TextField label="Tags" hint="With commas between them." value={tags} onChange={setTags} />
    </>
  );
}

function Details({ entry }: { entry: Entry }) {
  const kept = useKept();
  const agents = useAgents();
  const agent = agents.data?.find((one) => one.id === entry.agentId)?.name ?? entry.agentId;
  return (
    <Facts
      facts={[
        ["Comes from", <SourceLink key="source" entry={entry} />],
        ["Who may use it", entry.scope === "user" ? "All agents" : <bdi key="agent">{agent ?? "One agent"}</bdi>],
        ["Importance", `${importanceWord(entry.importance)} (${format.percent(entry.importance)})`],
        [
          "Holds",
          entry.validTo ? `from ${format.longTime(entry.validFrom)} to ${format.longTime(entry.validTo)}` : `since ${format.longTime(entry.validFrom)}`,
        ],
        ["Used", entry.useCount === 0 ? "Not yet" : `${format.count(entry.useCount, "time")}${entry.lastUsedAt ? `, last ${format.ago(entry.lastUsedAt)}` : ""}`],
        entry.updatedAt !== entry.createdAt ? ["Changed", format.longTime(entry.updatedAt)] : null,
        entry.tags.length > 0
          ? [
              "Tags",
              <span key="tags" className={styles.chips}>
                {entry.tags.map((tag) => (
                  <Link key={tag} href={href(`/memory/${entry.id}`, { ...kept, q: null, tag })} className={styles.chip}>
                    <Badge>{tag}</Badge>
                  </Link>
                ))}
              </span>,
            ]
          : null,
        entry.entities.length > 0
          ? [
              "About",
              <span key="entities" className={styles.chips}>
                {entry.entities.map((entity) => (
                  <Link key={entity.id} href={href("/memory/graph", { ...kept, entity: entity.name, depth: 1 })} className={styles.chip} title={`${entity.name}, ${entity.type}: show in the graph`}>
                    <Badge icon={<Waypoints aria-hidden />}>
                      <bdi>{entity.name}</bdi>
                    </Badge>
                  </Link>
                ))}
              </span>,
            ]
          : null,
      ]}
    />
  );
}

/** The chain of what was believed, the newest first. */
function Versions({ id }: { id: string }) {
  const kept = useKept();
  const { data, error, refetch } = useEntryHistory(id);
  if (error) return error instanceof ApiError && error.code === "not_found" ? null : <ErrorNote error={error} title="Its older versions could not be read" retry={() => void refetch()} />;
  if (!data || data.length < 2) return null;
  const sorted = [...data].sort((a, b) => b.validFrom.localeCompare(a.validFrom));
  return (
    <section aria-labelledby="versions">
      <h2 id="versions" className={styles.subtitle}>
        What was known, and when
      </h2>
      <ol className={styles.versions}>
        {sorted.map((version) => (
          <li key={version.id} className={styles.version} data-now={!version.supersededBy || undefined}>
            <span className={styles.when}>
              {version.validTo ? `${format.shortDate(version.validFrom)} to ${format.shortDate(version.validTo)}` : `Since ${format.shortDate(version.validFrom)}`}
            </span>
            {version.id === id ? (
              <span dir="auto" aria-current="true" className={styles.this}>
                {version.content}
              </span>
            ) : (
              <Link href={href(`/memory/${version.id}`, kept)} className={styles.other}>
                <span dir="auto">{version.content}</span>
              </Link>
            )}
            <span className={styles.source}>
              <SourceLink entry={version} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
