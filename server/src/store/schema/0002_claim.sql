-- How far each replica has come in each of its scopes, as it last showed: what is safe follows from it. `epoch` names
-- the filter under which it came there.
CREATE TABLE claim (
    replica BLOB NOT NULL REFERENCES device (replica),
    shard TEXT NOT NULL,
    set_name TEXT NOT NULL,
    epoch BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (replica, shard, set_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_place ON claim (shard, set_name, sequence);

-- The offices and persons that a record excludes or once excluded: a device of theirs may lack it.
CREATE TABLE exclusion (
    name TEXT NOT NULL,
    record BLOB NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (name, record, generation)
) STRICT, WITHOUT ROWID;

-- Names cannot be read from here. A record from before that excludes anybody (its routing does not end with an empty
-- list) counts as excluding everybody.
INSERT INTO exclusion (name, record, generation)
    SELECT '*', record, generation FROM record WHERE substr(routing, -2) <> x'0580';
