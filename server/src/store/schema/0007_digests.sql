-- Times in which the relay sends no records, since it has come back with less than it had; the sets of nodes of the
-- centre that have exchanged since the last one began.
CREATE TABLE silence (
    number INTEGER PRIMARY KEY,
    since INTEGER NOT NULL,
    cause TEXT NOT NULL,
    ended INTEGER,
    reason TEXT
) STRICT;
CREATE TABLE heard (
    set_name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What was counted of each record: the heads of its changes, one behind the other, and its item. Empty until counted.
ALTER TABLE record ADD COLUMN heads BLOB;
ALTER TABLE record ADD COLUMN item BLOB;

-- Where records lie by their live values: an area in full, an office, a person. What an area contains is a range.
CREATE TABLE lying (
    set_name TEXT NOT NULL,
    record BLOB NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (set_name, record, generation)
) STRICT, WITHOUT ROWID;

-- Count and sum of the items, by what is read together. A database from before is counted when a relay opens it.
CREATE TABLE collection (
    set_name TEXT NOT NULL,
    shard TEXT NOT NULL,
    kind TEXT NOT NULL,
    access TEXT NOT NULL,
    count INTEGER NOT NULL,
    total BLOB NOT NULL,
    PRIMARY KEY (set_name, shard, kind, access)
) STRICT, WITHOUT ROWID;
