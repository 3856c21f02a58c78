-- Values with a name: who this replica is, its counter, the highest relay time seen.
CREATE TABLE named (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a record and generation. The document is what `position` changes add up to; it lags behind the
-- raw changes until it is derived, and `attempts` is committed before each attempt.
CREATE TABLE record (
    number     INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL,
    generation INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    document   BLOB,
    position   INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    away       INTEGER NOT NULL DEFAULT 0,
    UNIQUE (id, generation)
) STRICT;

-- Raw changes in the order they were admitted; the genesis is computed and not here.
-- `shard` and `sequence`: where the change stands in the relay's log, once a cursor passed it (settled).
-- `receipt`: the relay's word that it has it (stored). `refused`: the relay's reason. `held`: when the relay
-- last could not take it.
CREATE TABLE change (
    record   INTEGER NOT NULL REFERENCES record (number),
    position INTEGER NOT NULL,
    hash     BLOB    NOT NULL,
    chunk    BLOB    NOT NULL,
    nonce    BLOB    NOT NULL,
    own      INTEGER NOT NULL,
    came     INTEGER NOT NULL,
    batch    INTEGER,
    leaf     INTEGER,
    shard    TEXT,
    sequence INTEGER,
    receipt  INTEGER REFERENCES receipt (number),
    lane     INTEGER NOT NULL DEFAULT 0,
    refused  TEXT,
    held     INTEGER,
    PRIMARY KEY (record, position),
    UNIQUE (record, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_waiting ON change (came) WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL;
CREATE INDEX change_attention ON change (record) WHERE refused IS NOT NULL OR lane = 2;
CREATE INDEX change_settled ON change (shard, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX change_receipt ON change (receipt) WHERE receipt IS NOT NULL;

-- Records whose raw changes are ahead of their document.
CREATE TABLE underived (
    record INTEGER PRIMARY KEY REFERENCES record (number)
) STRICT;

-- Changes whose base has not come yet; tried again whenever their record gets more.
CREATE TABLE pending (
    record     BLOB    NOT NULL,
    generation INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    hash       BLOB    NOT NULL,
    chunk      BLOB    NOT NULL,
    nonce      BLOB    NOT NULL,
    batch      INTEGER NOT NULL,
    leaf       INTEGER NOT NULL,
    shard      TEXT    NOT NULL,
    sequence   INTEGER NOT NULL,
    PRIMARY KEY (record, generation, hash)
) STRICT, WITHOUT ROWID;

-- Chunks from the log that this replica cannot apply: reported, never in anybody's way.
CREATE TABLE unusable (
    record     BLOB    NOT NULL,
    generation INTEGER NOT NULL,
    hash       BLOB    NOT NULL,
    code       TEXT    NOT NULL,
    chunk      BLOB    NOT NULL,
    came       INTEGER NOT NULL,
    PRIMARY KEY (record, generation, hash)
) STRICT, WITHOUT ROWID;

-- Signed batches, own and others'. `open` = 1 while an own batch has no verdicts yet.
CREATE TABLE batch (
    number INTEGER PRIMARY KEY,
    root   BLOB    NOT NULL UNIQUE,
    signed BLOB    NOT NULL,
    leaves INTEGER NOT NULL,
    open   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX batch_open ON batch (number) WHERE open = 1;

-- The leaves held of each batch, with all hashes under them in order.
CREATE TABLE leaf (
    batch    INTEGER NOT NULL REFERENCES batch (number),
    leaf     INTEGER NOT NULL,
    record   BLOB    NOT NULL,
    generation INTEGER NOT NULL,
    nonce    BLOB    NOT NULL,
    hashes   BLOB    NOT NULL,
    PRIMARY KEY (batch, leaf)
) STRICT, WITHOUT ROWID;

-- The hashes that lead from held leaves to a batch's signed root, as they came.
CREATE TABLE proof (
    batch INTEGER NOT NULL REFERENCES batch (number),
    held  BLOB    NOT NULL,
    nodes BLOB    NOT NULL,
    PRIMARY KEY (batch, held)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    number INTEGER PRIMARY KEY,
    signed BLOB    NOT NULL,
    time   INTEGER NOT NULL
) STRICT;

-- Where the changes of a receipt stand, shard by shard.
CREATE TABLE receipt_range (
    receipt  INTEGER NOT NULL REFERENCES receipt (number),
    shard    TEXT    NOT NULL,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    chain    BLOB    NOT NULL,
    PRIMARY KEY (receipt, shard)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_range_top ON receipt_range (shard, last);

-- One cursor a shard and set.
CREATE TABLE scope (
    shard    TEXT    NOT NULL,
    set_name TEXT    NOT NULL,
    log      BLOB    NOT NULL,
    epoch    BLOB    NOT NULL,
    sequence INTEGER NOT NULL,
    chain    BLOB    NOT NULL,
    PRIMARY KEY (shard, set_name)
) STRICT, WITHOUT ROWID;

-- Which records the relay's log has put into which of this replica's sets. A record that leaves the last of
-- them is away: kept until its work is safe, shown no more.
CREATE TABLE member (
    record   INTEGER NOT NULL REFERENCES record (number),
    set_name TEXT    NOT NULL,
    PRIMARY KEY (record, set_name)
) STRICT, WITHOUT ROWID;

-- What lists and searches look at: derived from the documents, rebuildable.
CREATE TABLE projection (
    record    INTEGER PRIMARY KEY REFERENCES record (number),
    kind      TEXT    NOT NULL,
    id        BLOB    NOT NULL,
    content   TEXT    NOT NULL,
    heads     BLOB    NOT NULL,
    conflicts INTEGER NOT NULL
) STRICT;
CREATE INDEX projection_kind ON projection (kind, id);
