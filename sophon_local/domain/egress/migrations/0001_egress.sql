CREATE TABLE egress_ledger (
  id TEXT PRIMARY KEY,
  at TEXT NOT NULL,
  purpose TEXT NOT NULL,
  method TEXT NOT NULL,
  destination TEXT NOT NULL,
  address TEXT,
  status INTEGER,
  sent_bytes INTEGER NOT NULL,
  received_bytes INTEGER NOT NULL,
  elapsed_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT
);
CREATE INDEX egress_ledger_by_age ON egress_ledger (at, id);
