-- What can be searched. The text index of a collection is a table of its own (search_text_<number>, made with the collection), because
-- word statistics and the cost of a query belong to one collection.

CREATE TABLE search_collections (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    items INTEGER NOT NULL DEFAULT 0,
    characters REAL NOT NULL DEFAULT 0,  -- weighted length of all items: text plus half the context
    writes INTEGER NOT NULL DEFAULT 0    -- items ever put or removed: how stale a remembered word count is
);

CREATE TABLE search_groups (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES search_collections (number),
    name TEXT NOT NULL,
    UNIQUE (collection, name)
);

-- A key is never used again, and an item that is put again gets a new one: what was derived under a key stays true or goes with it.
CREATE TABLE search_items (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES search_collections (number),
    id TEXT NOT NULL,
    grp INTEGER NOT NULL REFERENCES search_groups (number),
    text TEXT NOT NULL,
    context TEXT NOT NULL,
    UNIQUE (collection, id)
);
CREATE INDEX search_items_of_group ON search_items (grp);

-- 'searched' answers queries, 'shadow' is being filled to take its place, 'retired' is being cleared away.
CREATE TABLE search_embedders (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE search_vectors (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    embedder INTEGER NOT NULL,
    item INTEGER NOT NULL REFERENCES search_items (key),
    vector BLOB NOT NULL  -- little-endian float32, unit length
);
CREATE UNIQUE INDEX search_vectors_of_item ON search_vectors (item, embedder);

-- The sign bits of each vector, apart from it, so that the index in memory is rebuilt without reading the vectors.
CREATE TABLE search_signs (
    seq INTEGER PRIMARY KEY,
    embedder INTEGER NOT NULL,
    collection INTEGER NOT NULL,
    grp INTEGER NOT NULL,
    signs BLOB NOT NULL
);

CREATE TABLE search_pending (
    embedder INTEGER NOT NULL,
    failed BOOLEAN NOT NULL,  -- the embedder works, but not on this text
    item INTEGER NOT NULL REFERENCES search_items (key),
    PRIMARY KEY (embedder, failed, item)
) WITHOUT ROWID;
CREATE INDEX search_pending_item ON search_pending (item);

-- Vectors that went, for indexes in memory to follow.
CREATE TABLE search_gone (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL
);
