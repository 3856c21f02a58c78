-- Sets that an invitation gives by name, beyond what its role is given of its areas, office and staff. 0x80 is the
-- empty list in CBOR.
ALTER TABLE invitation ADD COLUMN sets BLOB NOT NULL DEFAULT x'80';

-- The shards in which records of an office or a person lie or lay, from which sequence on: what such a set is read
-- from. Names cannot be read from here: in a log from before, every such set can have records from the start.
CREATE TABLE placed (
    set_name TEXT NOT NULL,
    shard TEXT NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (set_name, shard)
) STRICT, WITHOUT ROWID;
INSERT INTO placed (set_name, shard, first) SELECT DISTINCT '*', shard, 1 FROM log;
