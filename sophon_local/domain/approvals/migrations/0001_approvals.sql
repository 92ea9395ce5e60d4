CREATE TABLE approvals (
  id TEXT PRIMARY KEY,
  tool_name TEXT NOT NULL,
  risk TEXT NOT NULL,
  parameters TEXT NOT NULL,
  preview TEXT NOT NULL,
  editable BOOLEAN NOT NULL,
  call_hash TEXT NOT NULL,
  session_id TEXT,
  task_id TEXT,
  agent_id TEXT,
  requested_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  status TEXT NOT NULL,
  decided_by TEXT,
  decided_at TEXT,
  reason TEXT,
  executed_at TEXT
);
CREATE INDEX approvals_by_status ON approvals (status, requested_at, id);
CREATE INDEX approvals_by_decision ON approvals (decided_at, id);
CREATE INDEX approvals_by_call ON approvals (tool_name, call_hash, status);
