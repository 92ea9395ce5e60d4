import { ShieldCheck } from "lucide-react";
import { useApproval, useApprovalHistory, useApprovals } from "@/api";
import { EmptyState, ErrorNote, format, List, ListPane, Scroll, Skeleton, SplitView, Tabs, WorkPane } from "@/components";
import { useParam } from "@/shell/address";
import { usePageTitle } from "@/shell/Announcer";
import type { RoomProps } from "@/shell/rooms";
import { ApprovalCard } from "./ApprovalCard";
import styles from "./approvals.module.css";
import { gistOf, outcome, titleOf } from "./words";

/** What the agent asked and may not do before it has an answer; and what was answered before. */
export default function Approvals({ id }: RoomProps) {
  const [tab, setTab] = useParam("show");
  const isHistory = tab === "answered";
  return (
    <SplitView
      listLabel="Approvals"
      isOpen={id !== null}
      list={
        <ListPane title="Approvals">
          <Tabs
            className={styles.tabs}
            label="Which questions"
            selected={isHistory ? "answered" : "waiting"}
            onSelect={(next) => setTab(next === "answered" ? next : null)}
            tabs={[
              { id: "waiting", label: "Waiting", content: isHistory ? null : <Waiting id={id} /> },
              { id: "answered", label: "Answered", content: isHistory ? <Answered id={id} /> : null },
            ]}
          />
        </ListPane>
      }
    >
      {id ? <One key={id} id={id} /> : <Nothing />}
    </SplitView>
  );
}

function Nothing() {
  return (
    <EmptyState icon={<ShieldCheck aria-hidden />} title="Questions that wait for you">
      Before the agent does something that can’t be taken back, it asks here and shows exactly what would happen. Choose a question on the left.
    </EmptyState>
  );
}

function Waiting({ id }: RoomProps) {
  const approvals = useApprovals();
  if (approvals.isPending) return <Skeleton rows={4} rowHeight={56} />;
  if (approvals.isError) return <ErrorNote error={approvals.error} title="The questions could not be read" retry={() => void approvals.refetch()} />;
  if (approvals.items.length === 0) {
    return (
      <EmptyState small icon={<ShieldCheck aria-hidden />} title="Nothing waits">
        Ask the agent to forget something it remembers, and the question comes here first.
      </EmptyState>
    );
  }
  return <Rows label="Waiting" approvals={approvals} id={id} search="" />;
}

function Answered({ id }: RoomProps) {
  const approvals = useApprovalHistory();
  if (approvals.isPending) return <Skeleton rows={4} rowHeight={56} />;
  if (approvals.isError) return <ErrorNote error={approvals.error} title="The answers could not be read" retry={() => void approvals.refetch()} />;
  if (approvals.items.length === 0) return <EmptyState small title="No answers yet" />;
  return <Rows label="Answered" approvals={approvals} id={id} search="?show=answered" />;
}

function Rows({ label, approvals, id, search }: { label: string; approvals: ReturnType<typeof useApprovals>; id: string | null; search: string }) {
  return (
    <List
      label={label}
      items={approvals.items}
      getKey={(one) => one.id}
      href={(one) => `/approvals/${encodeURIComponent(one.id)}${search}`}
      selectedKey={id}
      rowHeight={56}
      total={approvals.total}
      hasMore={approvals.hasNextPage}
      onMore={() => void approvals.fetchNextPage()}
    >
      {(one) => (
        <>
          <span className={styles.rowTitle} dir="auto">
            {gistOf(one)}
          </span>
          <span className={styles.rowNote}>
            {titleOf(one)},{" "}
            {one.status === "pending" ? `asked ${format.ago(one.requestedAt)}` : `${outcome(one)} ${format.ago(one.decidedAt ?? one.requestedAt)}`}
          </span>
        </>
      )}
    </List>
  );
}

function One({ id }: { id: string }) {
  const approval = useApproval(id);
  const [show] = useParam("show");
  const title = approval.data ? titleOf(approval.data) : null;
  usePageTitle(title);
  return (
    <WorkPane title={title ?? "Approval"} back={`/approvals${show ? `?show=${show}` : ""}`}>
      <Scroll>
        {approval.isPending && <Skeleton rows={6} />}
        {approval.isError && <ErrorNote error={approval.error} title="This question could not be read" retry={() => void approval.refetch()} />}
        {approval.data && <ApprovalCard approval={approval.data} />}
      </Scroll>
    </WorkPane>
  );
}
