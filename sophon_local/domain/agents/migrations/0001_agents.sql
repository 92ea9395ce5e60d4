CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  model TEXT,
  temperature REAL,
  enabled BOOLEAN NOT NULL,
  is_default BOOLEAN NOT NULL,
  color TEXT NOT NULL,
  heartbeat TEXT NOT NULL,
  tools TEXT NOT NULL,
  boot_completed_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE INDEX agents_by_age ON agents (created_at, id);
