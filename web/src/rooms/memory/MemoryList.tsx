import { Brain, CalendarDays, CircleHelp, History, Plus, Waypoints, X } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import { useEntries, useEntrySearch, type Entry, type EntryHit } from "@/api";
import { Badge, Button, EmptyState, ErrorNote, format, IconButton, LinkButton, List, ListPane, NARROW, Note, SearchField, Select, Skeleton, Status, TextField, useHidden, useMedia } from "@/components";
import { Terms } from "@/components/Terms";
import { href, useGo, useInspect, useParam, useSetParams } from "@/shell/address";
import styles from "./MemoryList.module.css";
import { CATEGORIES, categoryWord, dateOf, dayWord, endOfDay, heldAt, SCOPES } from "./words";

const ROW = 74;

/** What links of the list keep of the address, so that it stays as it is. */
export function useKept() {
  const [q] = useParam("q");
  const [category] = useParam("category");
  const [scope] = useParam("scope");
  const [tag] = useParam("tag");
  const [on] = useParam("on");
  return useMemo(() => ({ q, category, scope, tag, on }), [q, category, scope, tag, on]);
}

/** The results of the search in the address; undefined without one. */
export function useFound() {
  const { q, scope, category, on } = useKept();
  const query = useEntrySearch({ q: q ?? "", scope: scope ?? undefined, category: category ?? undefined, asOf: on ? endOfDay(on) : undefined });
  return { ...query, words: q };
}

function useTyped(): [string, (typed: string) => void] {
  const [q, setQ] = useParam("q");
  const [typed, setTyped] = useState(q ?? "");
  const [before, setBefore] = useState(q);
  if (q !== before) {
    setBefore(q);
    if ((q ?? "") !== typed.trim()) setTyped(q ?? "");
  }
  useEffect(() => {
    if (typed.trim() === (q ?? "")) return;
    const timer = setTimeout(() => setQ(typed.trim() || null, { replace: true }), 250);
    return () => clearTimeout(timer);
  }, [typed, q, setQ]);
  return [typed, setTyped];
}

const ANY = { id: "any", label: "All kinds" } as const;
const ALL = { id: "any", label: "All scopes" } as const;

export function MemoryList({ selectedId }: { selectedId: string | null }) {
  const go = useGo();
  const setParams = useSetParams();
  const kept = useKept();
  const [typed, setTyped] = useTyped();
  const isFiltered = Boolean(kept.q || kept.category || kept.scope || kept.tag || kept.on);
  const [showsDate, setShowsDate] = useState(false);
  const today = dateOf(new Date());
  return (
    <ListPane
      title="Memory"
      actions={
        <>
          <IconButton label="People and things, as a graph" icon={<Waypoints aria-hidden />} pressed={selectedId === "graph"} onPress={() => go(href("/memory/graph", kept))} />
          <IconButton label="Day by day" icon={<CalendarDays aria-hidden />} pressed={selectedId === "days"} onPress={() => go(href("/memory/days", kept))} />
          <IconButton label="Remember something new" icon={<Plus aria-hidden />} onPress={() => go(href("/memory/new", kept))} />
        </>
      }
      tools={
        <>
          <SearchField label="Search memories" value={typed} onChange={setTyped} />
          <div className={styles.filters}>
            <Select
              label="Kind"
              hideLabel
              small
              options={[ANY, ...CATEGORIES.map(({ id, label }) => ({ id, label: `${label}s` }))]}
              value={kept.category ?? "any"}
              onChange={(value) => setParams({ category: value === "any" ? null : value })}
            />
            <Select
              label="Scope"
              hideLabel
              small
              options={[ALL, ...SCOPES.map(({ id, label }) => ({ id, label }))]}
              value={kept.scope ?? "any"}
              onChange={(value) => setParams({ scope: value === "any" ? null : value })}
            />
            <IconButton small label="What was known on a day" icon={<History aria-hidden />} pressed={Boolean(kept.on)} onPress={() => (kept.on ? setParams({ on: null }) : setShowsDate(!showsDate))} />
          </div>
          {(showsDate || kept.on) && (
            <TextField
              label="What was known on"
              type="date"
              value={kept.on ?? ""}
              onChange={(value) => {
                setParams({ on: value && value <= today ? value : null }, { replace: true });
                setShowsDate(true);
              }}
            />
          )}
          {kept.tag && (
            <div>
              <Button small tone="quiet" icon={<X aria-hidden />} onPress={() => setParams({ tag: null })} aria-label={`Stop showing only the tag ${kept.tag}`}>
                {kept.tag}
              </Button>
            </div>
          )}
        </>
      }
    >
      {kept.on && (
        <p className={styles.then} role="status">
          As it was known on {dayWord(kept.on)}.
        </p>
      )}
      {kept.q ? <Found selectedId={selectedId} /> : <All selectedId={selectedId} isFiltered={isFiltered} />}
    </ListPane>
  );
}

function All({ selectedId, isFiltered }: { selectedId: string | null; isFiltered: boolean }) {
  const go = useGo();
  const isNarrow = useMedia(NARROW);
  const kept = useKept();
  const { category, scope, tag, on } = kept;
  const moment = on ? endOfDay(on) : undefined;
  const { items, total, hasNextPage, fetchNextPage, isFetchingNextPage, isPending, error, refetch } = useEntries({
    category: category ?? undefined,
    scope: scope ?? undefined,
    tag: tag ?? undefined,
    includeSuperseded: moment ? true : undefined,
  });
  const hidden = useHidden();
  const shown = useMemo(() => items.filter((entry) => !hidden.has(entry.id) && (!moment || heldAt(entry, moment))), [items, hidden, moment]);
  const more = useCallback(() => void (!isFetchingNextPage && fetchNextPage()), [fetchNextPage, isFetchingNextPage]);
  // What held then may stand on any page.
  const lacks = Boolean(moment) && shown.length < 30 && hasNextPage;
  useEffect(() => {
    if (lacks) more();
  }, [lacks, more]);

  if (error && items.length === 0)
    return (
      <div className={styles.note}>
        <ErrorNote error={error} title="The memory could not be read" meaning="It is safe; only this list is missing." retry={() => void refetch()} />
      </div>
    );
  if (isPending || (lacks && shown.length === 0)) return <Skeleton rows={7} rowHeight={ROW} label="Reading the memory" className={styles.waiting} />;
  if (shown.length === 0)
    return isFiltered ? (
      <EmptyState small title={on ? "Nothing was known then" : "None is like that"} action={<Button onPress={() => go("/memory")}>Show all</Button>} />
    ) : (
      <EmptyState small icon={isNarrow && <Brain aria-hidden />} title="Nothing is remembered yet" action={isNarrow && <LinkButton tone="primary" href="/memory/new">Remember something</LinkButton>}>
        What you tell the agent about yourself and your work is kept here, each with its source, and can be changed or forgotten.
      </EmptyState>
    );
  return (
    <List
      label="Memories"
      items={shown}
      getKey={(entry) => entry.id}
      href={(entry) => href(`/memory/${entry.id}`, kept)}
      selectedKey={selectedId}
      rowHeight={ROW}
      total={moment ? null : total}
      hasMore={hasNextPage}
      onMore={more}
    >
      {(entry) => <Row entry={entry} />}
    </List>
  );
}

function Found({ selectedId }: { selectedId: string | null }) {
  const kept = useKept();
  const inspect = useInspect();
  const { data, error, refetch, isFetching } = useFound();
  const hidden = useHidden();
  const items = useMemo(
    () => (data?.items ?? []).filter((hit) => !hidden.has(hit.id) && (!kept.tag || hit.tags.includes(kept.tag))),
    [data, hidden, kept.tag],
  );
  if (error && !data)
    return (
      <div className={styles.note}>
        <ErrorNote error={error} title="The search did not work" meaning="Nothing was lost." retry={() => void refetch()} />
      </div>
    );
  if (!data) return <Skeleton rows={5} rowHeight={ROW} label="Searching" className={styles.waiting} />;
  return (
    <>
      {data.mode === "keyword" && (
        <div className={styles.note}>
          <Note meaning="info" title="Found by words only">
            Search by meaning begins when the embedding model is here. <Link href="/models">See the models</Link>
          </Note>
        </div>
      )}
      <p className={styles.told} role="status" aria-busy={isFetching}>
        {items.length === 0 ? "Nothing like that is remembered." : `${format.count(items.length, "memory", "memories")}, the best first`}
      </p>
      {items.length > 0 && (
        <List
          label="Memories that were found"
          items={items}
          getKey={(hit) => hit.id}
          href={(hit) => href(`/memory/${hit.id}`, kept)}
          selectedKey={selectedId}
          rowHeight={ROW}
          actions={(hit) => <IconButton small label="Why this one" icon={<CircleHelp aria-hidden />} onPress={() => inspect.open("why", hit.id)} />}
        >
          {(hit) => <Row entry={hit} hit={hit} />}
        </List>
      )}
    </>
  );
}

function Row({ entry, hit }: { entry: Entry; hit?: EntryHit }) {
  return (
    <>
      <span className={styles.content} dir="auto">
        {hit?.explain ? <Terms text={entry.content} terms={hit.explain.matchedTerms} /> : entry.content}
      </span>
      <span className={styles.meta}>
        <span>{categoryWord(entry.category)}</span>
        {entry.supersededBy && <Status meaning="idle">No longer so</Status>}
        {entry.scope === "agent" && <Badge>One agent</Badge>}
        {hit ? <span className={styles.when}>{hit.score.toFixed(2)}</span> : <span className={styles.when}>{format.shortTime(entry.validFrom)}</span>}
      </span>
    </>
  );
}
