-- Actors given out with exported documents. Changes of such an actor to that record come back as this device's own,
-- under the nonce the actor was derived from.
CREATE TABLE issued (
    actor  BLOB    PRIMARY KEY,
    nonce  BLOB    NOT NULL,
    record INTEGER NOT NULL REFERENCES record (number),
    issued INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX issued_record ON issued (record);

-- Changes of files that were written again here, so that the same file, grown, says only what is new in it. `own` is
-- the change that said it; empty where nothing was different.
CREATE TABLE replayed (
    record INTEGER NOT NULL REFERENCES record (number),
    hash   BLOB    NOT NULL,
    own    BLOB,
    PRIMARY KEY (record, hash)
) STRICT, WITHOUT ROWID;
