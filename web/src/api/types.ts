/** What the server says, in its own words. Times are ISO 8601 texts in UTC, sizes bytes, scores from 0 to 1. */

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
  hasMore: boolean;
  total?: number | null;
}

export interface Health {
  status: "healthy" | "degraded" | "unhealthy";
  services: Record<string, { status: string; response_time: number | null }>;
  timestamp: string;
  version: string;
}

export interface Version {
  version: string;
  commit: string | null;
  builtAt: string | null;
  tier: string;
  apiVersion: string;
}

export interface Tool {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
  risk: Risk;
  source: string;
  enabled: boolean;
}

export type Risk = "none" | "low" | "medium" | "high" | "critical";

export interface Agent {
  id: string;
  name: string;
  description: string;
  model: { provider: string | null; model: string | null; fallback: string | null } | null;
  temperature: number | null;
  enabled: boolean;
  isDefault: boolean;
  color: string | null;
  heartbeat: { enabled: boolean; intervalMinutes: number; activeHours: string | null; target: string | null };
  createdAt: string;
  updatedAt: string;
}

export interface AgentText {
  content: string;
  updatedAt: string | null;
  etag: string;
}

export interface AgentTools {
  allow: string[];
  deny: string[];
  effective: string[];
}

export interface Session {
  id: string;
  title: string;
  agentId: string;
  channelId: string | null;
  parentSessionId: string | null;
  status: "active" | "archived" | "expired";
  messageCount: number;
  tokensUsed: number;
  createdAt: string;
  lastMessageAt: string | null;
}

export interface Citation {
  number: number;
  kind: "document" | "memory";
  documentId?: string | null;
  memoryId?: string | null;
  filename?: string | null;
  page?: number | null;
  start?: number | null;
  end?: number | null;
  quote: string;
  score: number | null;
}

export interface Recalled {
  kind: "document" | "memory";
  documentId?: string | null;
  memoryId?: string | null;
  filename?: string | null;
  page?: number | null;
  start?: number | null;
  end?: number | null;
  text: string;
  score: number;
  textScore: number | null;
  vectorScore: number | null;
  matchedTerms: string[];
  why: string[];
}

export interface Message {
  id: string;
  sessionId: string;
  role: "user" | "assistant" | "system" | "tool";
  content: string;
  status: "complete" | "streaming" | "interrupted" | "cancelled" | "failed";
  error: string | null;
  toolCalls: unknown[];
  attachments: string[];
  taskId: string | null;
  citations: Citation[];
  recalled: Recalled[];
  steps?: Omit<TurnStep, "messageId">[];
  answered: "model" | "extractive" | "not_found" | null;
  model: { name: string; provider: string; isLocal: boolean } | null;
  tokens: { prompt: number; completion: number } | null;
  elapsedMs: number | null;
  createdAt: string;
}

export interface NewMessage {
  content: string;
  sessionId?: string | null;
  agentId?: string | null;
  attachments?: string[];
  channelId?: string | null;
}

export interface Accepted {
  taskId: string;
  sessionId: string;
  messageId: string;
  status: "queued";
}

export interface TurnStep {
  messageId: string;
  kind: "recall" | "read" | "generate" | "remember" | "load_model";
  text: string;
  elapsedMs: number | null;
}

export type TaskStatus = "queued" | "running" | "completed" | "failed" | "cancelled" | "interrupted";

export interface Task {
  id: string;
  parentId: string | null;
  kind: string;
  sessionId: string | null;
  agentId: string | null;
  userId: string | null;
  description: string;
  status: TaskStatus;
  startedAt: string | null;
  completedAt: string | null;
  elapsedMs: number | null;
  plan: unknown;
  toolCalls: unknown[];
  tokens: unknown;
  error: string | null;
  createdAt: string;
}

export interface Approval {
  id: string;
  toolName: string;
  risk: Risk;
  parameters: Record<string, unknown>;
  preview: Record<string, unknown>;
  editable: boolean;
  sessionId: string | null;
  taskId: string | null;
  agentId: string | null;
  requestedAt: string;
  expiresAt: string | null;
  status: "pending" | "approved" | "edited" | "rejected" | "timed_out" | "cancelled";
  decidedBy: string | null;
  decidedAt: string | null;
  reason: string | null;
}

export type DocumentStatus = "uploaded" | "extracting" | "chunking" | "embedding" | "ready" | "failed";

export interface Document {
  id: string;
  filename: string;
  contentType: string;
  sizeBytes: number;
  sha256: string;
  tags: string[];
  status: DocumentStatus;
  progress: number;
  detail: string | null;
  pages: number | null;
  chunkCount: number;
  characters: number;
  summary: string | null;
  sessionId: string | null;
  createdAt: string;
  error: { code: string; message: string } | null;
}

export interface Heading {
  text: string;
  level: number;
  start: number;
  page: number | null;
}

/** A document with its whole text. `pageStarts[i]` is where page i + 1 begins; positions count characters as the server does (code points). */
export interface DocumentText extends Document {
  text: string;
  textTruncated: boolean;
  pageStarts: number[];
  headings: Heading[];
}

export interface PassageExplanation {
  textScore: number | null;
  vectorScore: number | null;
  matchedTerms: string[];
  /** How much of what was asked its words cover. */
  coverage?: number;
  why: string[];
}

export interface Passage {
  documentId: string;
  filename: string;
  chunkId: string;
  page: number | null;
  start: number;
  end: number;
  heading: string;
  text: string;
  score: number;
  explain?: PassageExplanation | null;
}

export interface PassageResults {
  items: Passage[];
  mode: "hybrid" | "keyword";
}

export interface Summary {
  summary: string;
  model: string | null;
  method: "model" | "extractive";
  citations: Citation[];
}

export type Extracting = { fields: string[] } | { schema: Record<string, unknown> };

export interface Extraction {
  data: Record<string, unknown>;
  confidence: number | null;
  fieldConfidence?: Record<string, number>;
  method: Record<string, "model" | "extractive">;
  model: string | null;
  citations: (Citation & { field?: string | null })[];
}

export interface ComparedPassage {
  documentId: string;
  page: number | null;
  start: number;
  end: number;
  text: string;
}

export interface Comparison {
  summary: string;
  summaryMethod: "model" | "extractive";
  model?: string | null;
  similarities: { text: string; score: number; passages: ComparedPassage[] }[];
  differences: { kind: "added" | "removed" | "changed"; text: string; passages: ComparedPassage[] }[];
  perDocument: { documentId: string; filename: string; summary: string; uniqueTerms: string[]; passages?: ComparedPassage[] }[];
}

export type Category = "fact" | "preference" | "observation";
export type Scope = "user" | "agent";

export interface Entity {
  id: string;
  name: string;
  type: string;
}

export interface Entry {
  id: string;
  content: string;
  category: Category;
  scope: Scope;
  agentId: string | null;
  importance: number;
  tags: string[];
  entities: Entity[];
  source: {
    kind: "person" | "turn" | "document" | "import";
    sessionId?: string | null;
    messageId?: string | null;
    documentId?: string | null;
  } | null;
  validFrom: string;
  validTo: string | null;
  supersedes: string | null;
  supersededBy: string | null;
  createdAt: string;
  updatedAt: string;
  lastUsedAt: string | null;
  useCount: number;
}

export interface NewEntry {
  content: string;
  category?: Category;
  scope?: Scope;
  agentId?: string | null;
  importance?: number;
  tags?: string[];
  validFrom?: string;
  supersedes?: string | null;
}

export type EntryPatch = Partial<Pick<Entry, "content" | "category" | "importance" | "tags" | "validFrom" | "validTo">>;

export interface EntryExplanation {
  textScore: number | null;
  vectorScore: number | null;
  matchedTerms: string[];
  recency: number | null;
  importance: number | null;
  entityMatch: number | null;
  why: string[];
}

export interface EntryHit extends Entry {
  score: number;
  explain?: EntryExplanation | null;
}

export interface EntryResults {
  items: EntryHit[];
  mode: "hybrid" | "keyword";
}

export interface GraphNode {
  id: string;
  name: string;
  type: string;
  mentions: number;
}

export interface GraphEdge {
  from: string;
  to: string;
  relation: string;
  entryId: string | null;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface DailyLog {
  date: string;
  entries: { time: string; text: string; sessionId: string | null; agentId: string | null }[];
}

export interface Model {
  id: string;
  name: string;
  kind: "chat" | "embedding";
  source: "catalogue" | "provider" | "file";
  providerId: string | null;
  licence: string;
  sizeBytes: number | null;
  parameters: string | null;
  contextTokens: number | null;
  status: "available" | "queued" | "downloading" | "verifying" | "installed" | "failed";
  doneBytes: number;
  totalBytes: number;
  error: string | null;
  isInUse: boolean;
  isLoaded: boolean;
  fitsMemory: "yes" | "tight" | "no";
  recommended: boolean;
  why: string;
  note: string;
}

export interface Models {
  items: Model[];
  machine: { memoryBytes: number; availableBytes: number; cores: number };
  chat: { modelId: string | null };
  embedding: { modelId: string | null };
}

export type ProviderKind = "openai" | "anthropic" | "ollama" | "lmstudio";

export interface Provider {
  id: string;
  kind: ProviderKind;
  name: string;
  baseUrl: string;
  hasKey: boolean;
  discovered: boolean;
  status: "unknown" | "ok" | "error";
  error: string | null;
  models: string[];
  createdAt: string;
}

export interface NewProvider {
  kind: ProviderKind;
  name?: string;
  baseUrl?: string;
  apiKey?: string;
}

/** `apiKey: null` takes the key away. */
export interface ProviderPatch {
  name?: string;
  baseUrl?: string;
  apiKey?: string | null;
}

/** One connection to the outside: `destination` is scheme, host and port. */
export interface Outgoing {
  at: string;
  purpose: string;
  method: string;
  destination: string;
  address: string | null;
  status: number | null;
  sentBytes: number;
  receivedBytes: number;
  elapsedMs: number;
  outcome: "ok" | "failed" | "refused";
  detail: string | null;
}

export interface ProviderTest {
  ok: boolean;
  latencyMs: number | null;
  detail: string;
  models: string[];
}

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
