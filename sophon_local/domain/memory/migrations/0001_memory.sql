-- An entry is one row; what it said before it was changed stays as rows with is_version, and what replaced it is another entry.
-- Two times are kept apart: valid_from..valid_to is when it holds in the world, recorded_at..replaced_at when the memory believed it.
-- stated_valid_to is the end that was known before the entry was replaced, so that a question about an earlier day is answered as it was then.
CREATE TABLE memory_entries (
  id TEXT PRIMARY KEY,
  content TEXT NOT NULL,
  folded TEXT NOT NULL,          -- content for comparing: case and space ironed out
  category TEXT NOT NULL,
  scope TEXT NOT NULL,
  agent_id TEXT,
  importance REAL NOT NULL,
  tags TEXT NOT NULL,
  source TEXT,
  session_id TEXT,               -- of the source, for "what was said in this conversation"
  slot TEXT,                     -- whose attribute this is ("me|home", "me|sister|clara"); one entry at a time fills a slot
  slot_value TEXT,               -- what fills it, as a key
  spoken_value TEXT,             -- the same, as written in the content
  context TEXT NOT NULL,         -- words by which it may be looked for that it does not contain
  valid_from TEXT NOT NULL,
  valid_to TEXT,
  stated_valid_to TEXT,
  supersedes TEXT,
  superseded_by TEXT,
  is_version BOOLEAN NOT NULL,
  created_at TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  replaced_at TEXT,
  updated_at TEXT NOT NULL,
  last_used_at TEXT,
  use_count INTEGER NOT NULL
);
CREATE INDEX memory_entries_by_time ON memory_entries (created_at, id);
CREATE INDEX memory_entries_by_slot ON memory_entries (slot) WHERE slot IS NOT NULL;
CREATE INDEX memory_entries_by_value ON memory_entries (slot_value) WHERE slot_value IS NOT NULL;
CREATE INDEX memory_entries_by_session ON memory_entries (session_id, recorded_at) WHERE session_id IS NOT NULL;
CREATE INDEX memory_entries_by_successor ON memory_entries (superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX memory_entries_by_predecessor ON memory_entries (supersedes) WHERE supersedes IS NOT NULL;

CREATE TABLE memory_tags (
  entry_id TEXT NOT NULL REFERENCES memory_entries (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (tag, entry_id)
);
CREATE INDEX memory_tags_by_entry ON memory_tags (entry_id);

CREATE TABLE memory_entities (
  id TEXT PRIMARY KEY,
  name_key TEXT NOT NULL UNIQUE, -- the name's words, folded
  name TEXT NOT NULL,
  type TEXT NOT NULL
);

CREATE TABLE memory_mentions (
  entry_id TEXT NOT NULL REFERENCES memory_entries (id) ON DELETE CASCADE,
  entity_id TEXT NOT NULL REFERENCES memory_entities (id),
  PRIMARY KEY (entry_id, entity_id)
);
CREATE INDEX memory_mentions_by_entity ON memory_mentions (entity_id, entry_id);

CREATE TABLE memory_relations (
  entry_id TEXT NOT NULL REFERENCES memory_entries (id) ON DELETE CASCADE,
  from_id TEXT NOT NULL REFERENCES memory_entities (id),
  to_id TEXT NOT NULL REFERENCES memory_entities (id),
  relation TEXT NOT NULL,
  PRIMARY KEY (entry_id, from_id, to_id, relation)
);
CREATE INDEX memory_relations_by_start ON memory_relations (from_id);
CREATE INDEX memory_relations_by_end ON memory_relations (to_id);

-- One row per interaction. The Markdown files beside the database are written from here.
CREATE TABLE memory_daily_logs (
  id TEXT PRIMARY KEY,
  day TEXT NOT NULL,             -- the person's own calendar day
  at TEXT NOT NULL,
  text TEXT NOT NULL,
  session_id TEXT,
  agent_id TEXT
);
CREATE INDEX memory_daily_logs_by_day ON memory_daily_logs (day, at, id);
