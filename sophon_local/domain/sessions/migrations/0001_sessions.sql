CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  channel_id TEXT,
  parent_session_id TEXT,
  status TEXT NOT NULL,
  message_count INTEGER NOT NULL,
  tokens_used INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  last_message_at TEXT NOT NULL
);
CREATE INDEX sessions_by_activity ON sessions (last_message_at, id);
CREATE INDEX sessions_by_channel ON sessions (channel_id, last_message_at);

CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  content TEXT NOT NULL,
  status TEXT NOT NULL,
  error TEXT,
  tool_calls TEXT NOT NULL,
  attachments TEXT NOT NULL,
  task_id TEXT,
  citations TEXT NOT NULL,
  recalled TEXT NOT NULL,
  steps TEXT NOT NULL,
  answered TEXT,
  model TEXT,
  tokens TEXT NOT NULL,
  elapsed_ms INTEGER,
  created_at TEXT NOT NULL
);
CREATE INDEX messages_by_session ON messages (session_id, created_at, id);
CREATE INDEX messages_by_status ON messages (status);
