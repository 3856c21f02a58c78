-- The item of each record: what its changes that stand in the relay's log add to the sums of its sets.
CREATE TABLE settled (
    record INTEGER PRIMARY KEY REFERENCES record (number),
    item   BLOB NOT NULL
) STRICT;

-- Count and sum of the items of a set's members. A replica from before is counted at its next exchange.
CREATE TABLE set_sum (
    set_name TEXT PRIMARY KEY,
    count    INTEGER NOT NULL,
    total    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The sets of records of which nothing can be used here: they have no row, and count.
CREATE TABLE member_aside (
    record     BLOB NOT NULL,
    generation INTEGER NOT NULL,
    set_name   TEXT NOT NULL,
    PRIMARY KEY (record, generation, set_name)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO member_aside (record, generation, set_name)
    SELECT record, generation, set_name FROM unusable WHERE set_name IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM record AS r WHERE r.id = unusable.record AND r.generation = unusable.generation);

-- Scopes whose position the relay's log does not contain any more: nothing of them is asked for or sent before they
-- are compared record by record.
CREATE TABLE adrift (
    shard    TEXT NOT NULL,
    set_name TEXT NOT NULL,
    PRIMARY KEY (shard, set_name)
) STRICT, WITHOUT ROWID;

-- From here on `change.held` is the number of the attempt in which the relay last could not take it, and `judged` when.
