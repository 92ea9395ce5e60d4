/**
 * What the server says, in its own words: names for the parts of its OpenAPI document (`npm run types` writes `openapi.ts` from a running server). Where the
 * document says only "string", the words that it can be stand here. Times are ISO 8601 texts in UTC, sizes bytes, scores from 0 to 1; positions in texts
 * count characters as the server does (code points).
 */
import type { components } from "./openapi";

type Named = components["schemas"];

/** `Wide` with some of its fields said more exactly. */
type Exact<Wide, Narrow> = Omit<Wide, keyof Narrow> & Narrow;

type PlaceKey = "documentId" | "memoryId" | "filename" | "page" | "start" | "end";

/** A place that is not there may be left out as well as null: a document's own citations know no memory. */
type Placed<T extends Record<PlaceKey, unknown>> = Omit<T, PlaceKey> & Partial<Pick<T, PlaceKey>>;

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
  hasMore: boolean;
  total?: number | null;
}

export type Risk = Approval["risk"];
export type Health = Exact<Named["HealthObject"], { status: "healthy" | "degraded" | "unhealthy" }>;
export type Version = Named["VersionObject"];
export type Tool = Exact<Named["ToolObject"], { risk: Risk }>;

export type Agent = Named["AgentObject"];
export type AgentText = Named["MarkdownObject"];
export type AgentTools = Named["ToolPolicyObject"];

export type Session = Named["SessionObject"];
export type Message = Exact<Named["MessageObject"], { steps: Step[]; citations: Citation[]; recalled: Recalled[] }>;
export type Citation = Placed<Named["CitationObject"]>;
export type Recalled = Placed<Named["RecalledObject"]>;
export type NewMessage = Exact<Named["ChatBody"], { attachments?: string[] }>;
export type Accepted = Named["ChatAcknowledgement"];

export type Step = Exact<Named["StepObject"], { kind: "recall" | "read" | "generate" | "remember" | "load_model" }>;
export type TurnStep = Step & { messageId: string };

export type Task = Named["TaskObject"];
export type TaskStatus = Task["status"];
export type Approval = Named["ApprovalObject"];

export type Document = Named["DocumentObject"];
export type DocumentStatus = Document["status"];
export type Heading = Named["HeadingObject"];
/** A document with its text. `pageStarts[i]` is where page i + 1 begins. */
export type DocumentText = Named["DocumentTextObject"];
export type Passage = Named["PassageObject"];
export type PassageExplanation = Named["PassageExplanation"];
export type PassageResults = Named["PassageResults"];
export type DocumentCitation = Named["DocumentCitation"];
export type Summary = Named["SummaryObject"];
export type Extracting = { fields: string[] } | { schema: Record<string, unknown> };
export type Extraction = Exact<Named["ExtractionObject"], { data: Record<string, unknown> }>;
export type ComparedPassage = Named["ComparedPassage"];
export type Comparison = Named["ComparisonObject"];

export type Entry = Named["EntryObject"];
export type Category = Entry["category"];
export type Scope = Entry["scope"];
export type Entity = Named["EntityObject"];
export type NewEntry = Partial<Named["NewEntryBody"]> & { content: string };
export type EntryPatch = Named["EntryPatchBody"];
export type EntryExplanation = Named["ExplanationObject"];
export type EntryHit = Named["FoundEntryObject"];
export type EntryResults = Named["SearchObject"];
export type GraphNode = Named["NodeObject"];
export type GraphEdge = Exact<Named["EdgeObject"], { entryId: string | null }>;
export type Graph = Exact<Named["GraphObject"], { edges: GraphEdge[] }>;
export type DailyLog = Named["DailyLogObject"];

export type Model = Exact<
  Named["ModelObject"],
  {
    kind: "chat" | "embedding";
    source: "catalogue" | "provider" | "file";
    status: "available" | "queued" | "downloading" | "verifying" | "installed" | "failed";
    fitsMemory: "yes" | "tight" | "no";
  }
>;
export type Models = Exact<Named["ModelsObject"], { items: Model[] }>;
export type ProviderKind = "openai" | "anthropic" | "ollama" | "lmstudio";
export type Provider = Exact<Named["ProviderObject"], { kind: ProviderKind; status: "unknown" | "ok" | "error" }>;
export type NewProvider = Exact<Named["NewProviderBody"], { kind: ProviderKind }>;
/** `apiKey: null` takes the key away. */
export type ProviderPatch = Named["ProviderPatchBody"];
export type ProviderTest = Named["ProviderTestObject"];
/** One connection to the outside: `destination` is scheme, host and port. */
export type Outgoing = Exact<Named["EgressObject"], { outcome: "ok" | "failed" | "refused" }>;

/** Every event that the server's streams carry, by topic. */
export interface Topics {
  "message.created": { message: Message };
  /** `offset`: how many characters (code points) the message had before. */
  "message.delta": { messageId: string; delta: string; offset?: number };
  "message.completed": { message: Message };
  "turn.step": TurnStep;
  "task.queued": { task: Task };
  "task.started": { task: Task };
  "task.completed": { task: Task };
  "task.failed": { task: Task };
  "task.cancelled": { task: Task };
  "session.updated": { session: Session };
  "session.deleted": { sessionId: string };
  "approval.requested": { approval: Approval };
  "approval.resolved": { approval: Approval };
  "document.updated": { document: Document };
  "document.deleted": { documentId: string };
  "memory.written": { entry: Entry };
  "memory.superseded": { entry: Entry };
  "memory.deleted": { entryId: string };
  "model.updated": { model: Model };
  "provider.updated": { provider: Provider };
  "stream.reset": Record<string, never>;
}

export type Topic = keyof Topics;

/** One event: its topic tells what else it carries. `id` is its place in the stream. */
export type LiveEvent = { [K in Topic]: { topic: K; id: string | null; at: string; sessionId?: string | null; taskId?: string | null } & Topics[K] }[Topic];
