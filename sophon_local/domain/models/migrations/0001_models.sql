CREATE TABLE models_files (
  sha256 TEXT PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  verified_at TEXT NOT NULL
);
CREATE TABLE models_added (
  id TEXT PRIMARY KEY,
  entry TEXT NOT NULL,
  added_at TEXT NOT NULL
);
CREATE TABLE models_downloads (
  model_id TEXT PRIMARY KEY,
  from_path TEXT,
  requested_at TEXT NOT NULL
);
CREATE TABLE models_declined (
  model_id TEXT PRIMARY KEY,
  declined_at TEXT NOT NULL
);
CREATE TABLE models_chosen (
  kind TEXT PRIMARY KEY,
  model_id TEXT NOT NULL,
  chosen_at TEXT NOT NULL
);
CREATE TABLE models_providers (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  base_url TEXT NOT NULL,
  sealed_key TEXT,
  status TEXT NOT NULL,
  error TEXT,
  models TEXT NOT NULL,
  created_at TEXT NOT NULL
);
