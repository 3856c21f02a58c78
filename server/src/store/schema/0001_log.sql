-- Facts about the database itself: the log's id, when it was made.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE grant (
    id BLOB PRIMARY KEY,
    body BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Counters are unsigned; they lie here bit for bit as signed numbers.
CREATE TABLE device (
    replica BLOB PRIMARY KEY,
    key BLOB NOT NULL,
    name TEXT NOT NULL,
    grant BLOB NOT NULL REFERENCES grant (id),
    counter INTEGER NOT NULL,
    root BLOB,
    enrolled INTEGER NOT NULL,
    seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The code itself is never here, only its hash.
CREATE TABLE invitation (
    hash BLOB PRIMARY KEY,
    role BLOB NOT NULL,
    areas BLOB NOT NULL,
    office TEXT,
    staff BLOB NOT NULL,
    expires INTEGER NOT NULL,
    used_by BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    record BLOB NOT NULL,
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL,
    routing BLOB NOT NULL,
    PRIMARY KEY (record, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
    number INTEGER PRIMARY KEY,
    root BLOB NOT NULL UNIQUE,
    device BLOB NOT NULL,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    leaves BLOB NOT NULL
) STRICT;

CREATE TABLE leaf (
    batch INTEGER NOT NULL REFERENCES batch (number),
    number INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;

-- A change is named by (record, generation, hash), never by its hash alone. Rows lie in the order of admission,
-- which is also the order a record's history is rebuilt in. A birth writes its change before its record.
CREATE TABLE change (
    admission INTEGER PRIMARY KEY,
    record BLOB NOT NULL,
    generation INTEGER NOT NULL,
    hash BLOB NOT NULL,
    batch INTEGER NOT NULL,
    leaf INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    UNIQUE (record, generation, hash),
    FOREIGN KEY (batch, leaf) REFERENCES leaf (batch, number),
    FOREIGN KEY (record, generation) REFERENCES record (record, generation) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- One gapless sequence a shard; entries in CBOR.
CREATE TABLE log (
    shard TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    entry BLOB NOT NULL,
    salt BLOB NOT NULL,
    chain BLOB NOT NULL,
    PRIMARY KEY (shard, sequence)
) STRICT, WITHOUT ROWID;
