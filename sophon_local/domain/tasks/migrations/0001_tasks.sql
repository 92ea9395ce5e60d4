CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  parent_id TEXT,
  kind TEXT NOT NULL,
  session_id TEXT,
  agent_id TEXT,
  user_id TEXT NOT NULL,
  description TEXT NOT NULL,
  payload TEXT NOT NULL,
  status TEXT NOT NULL,
  tool_calls TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  error TEXT,
  created_at TEXT NOT NULL,
  started_at TEXT,
  completed_at TEXT
);
CREATE INDEX tasks_by_status ON tasks (status, created_at, id);
CREATE INDEX tasks_by_completion ON tasks (completed_at, id);
CREATE INDEX tasks_by_session ON tasks (session_id, status);
CREATE INDEX tasks_by_parent ON tasks (parent_id);
