-- How far a full replica other than this one has come, as the relay said: `told` is its last word, `sequence` the
-- highest one within the same log, never beyond this replica's own cursor at that time.
CREATE TABLE safe (
    shard    TEXT    NOT NULL,
    set_name TEXT    NOT NULL,
    log      BLOB    NOT NULL,
    told     INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (shard, set_name)
) STRICT, WITHOUT ROWID;

-- When a change that waits for its base came.
ALTER TABLE pending ADD COLUMN came INTEGER;

-- What a status counts, without a look at what it does not count.
CREATE INDEX change_own ON change (shard, sequence) WHERE own = 1;
CREATE INDEX change_held ON change (came)
    WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL AND held IS NOT NULL;
CREATE INDEX change_new ON change (came)
    WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL AND held IS NULL;
CREATE INDEX pending_came ON pending (came);
CREATE INDEX unusable_code ON unusable (code);
CREATE INDEX projection_conflicts ON projection (conflicts) WHERE conflicts > 0;
