-- Where a record was until it was somewhere else: rights that ended with the move are judged by it. `tips` are the last
-- sequences at which nobody could have seen the move.
CREATE TABLE move (
    number INTEGER PRIMARY KEY,
    record BLOB NOT NULL,
    generation INTEGER NOT NULL,
    at INTEGER NOT NULL,
    before BLOB NOT NULL,
    tips BLOB NOT NULL
) STRICT;
CREATE INDEX move_record ON move (record, generation);

-- Changes that were accepted although the right to them had ended.
CREATE TABLE late (
    record BLOB NOT NULL,
    generation INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (record, generation, hash)
) STRICT, WITHOUT ROWID;

-- Changes that are kept apart, in the order they came. `chunk` until they are decided about; `outcome` numbers the
-- decisions.
CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    record BLOB NOT NULL,
    generation INTEGER NOT NULL,
    kind TEXT NOT NULL,
    hash BLOB NOT NULL,
    device BLOB NOT NULL,
    staff BLOB NOT NULL,
    code TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    came INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    leaf INTEGER NOT NULL,
    chunk BLOB,
    outcome INTEGER UNIQUE,
    released INTEGER,
    reason TEXT,
    decided INTEGER,
    UNIQUE (record, generation, hash),
    FOREIGN KEY (batch, leaf) REFERENCES leaf (batch, number)
) STRICT;
CREATE INDEX quarantine_waiting ON quarantine (device, bytes) WHERE outcome IS NULL;
CREATE INDEX quarantine_outcome ON quarantine (device, outcome) WHERE outcome IS NOT NULL;
