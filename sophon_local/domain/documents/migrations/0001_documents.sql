CREATE TABLE documents (
  id TEXT PRIMARY KEY,
  filename TEXT NOT NULL,
  folded_name TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  tags TEXT NOT NULL,
  status TEXT NOT NULL,
  progress REAL NOT NULL,
  detail TEXT,
  pages INTEGER,
  chunk_count INTEGER NOT NULL,
  characters INTEGER NOT NULL,
  summary TEXT,
  session_id TEXT,
  created_at TEXT NOT NULL,
  error TEXT,
  attempts INTEGER NOT NULL
);
CREATE INDEX documents_by_status ON documents (status, id);
CREATE TABLE document_tags (
  tag TEXT NOT NULL,
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  PRIMARY KEY (tag, document_id)
);
CREATE INDEX document_tags_by_document ON document_tags (document_id);
CREATE TABLE document_texts (
  document_id TEXT PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  page_starts TEXT NOT NULL,
  headings TEXT NOT NULL
);
CREATE TABLE document_chunks (
  id TEXT PRIMARY KEY,
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  page INTEGER,
  first_char INTEGER NOT NULL,
  end_char INTEGER NOT NULL,
  heading TEXT NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (document_id, seq)
);
-- Pages that OCR has read of a document that is not finished: after a restart they are not read again.
CREATE TABLE document_scans (
  document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  page INTEGER NOT NULL,
  text TEXT NOT NULL,
  failure TEXT,
  PRIMARY KEY (document_id, page)
);
-- Originals that may lie in the blob folder without a document: noted before a file is put there or its document goes.
CREATE TABLE document_leftovers (
  sha256 TEXT PRIMARY KEY
);
