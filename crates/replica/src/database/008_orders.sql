-- Orders: what the issuer has taken back, in the order they came. Grow-only; given back to a relay that has forgotten
-- some.
CREATE TABLE orders (
    number    INTEGER PRIMARY KEY,
    id        BLOB NOT NULL UNIQUE,
    subject   BLOB NOT NULL,
    signed    BLOB NOT NULL
) STRICT;
CREATE INDEX orders_subject ON orders (subject);

-- What waited when the right to it ended here: under which grant it was done, and what this replica had seen by then. It
-- is sent so, whenever that is.
CREATE TABLE formerly (
    number  INTEGER PRIMARY KEY,
    granted BLOB NOT NULL,
    seen    BLOB NOT NULL,
    UNIQUE (granted, seen)
) STRICT;

-- Changes of others that the relay took although the right to them had ended, and when somebody here has seen that.
CREATE TABLE came_late (
    hash       BLOB PRIMARY KEY,
    record     BLOB NOT NULL,
    generation INTEGER NOT NULL,
    came       INTEGER NOT NULL,
    told       INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX came_late_record ON came_late (record, generation);
CREATE INDEX came_late_untold ON came_late (record) WHERE told IS NULL;

-- `formerly`: how a waiting change was done; empty where it is sent like work of today. `outcome`: what
-- became of a change in quarantine, 1 released, 2 discarded; `decided` the reason that was given.
ALTER TABLE change ADD COLUMN formerly INTEGER;
ALTER TABLE change ADD COLUMN outcome INTEGER;
ALTER TABLE change ADD COLUMN decided TEXT;
CREATE INDEX change_late ON change (record) WHERE lane = 1;
CREATE INDEX change_outcome ON change (outcome) WHERE outcome IS NOT NULL;
