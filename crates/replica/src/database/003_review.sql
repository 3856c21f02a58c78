-- What decides: 'resolve' and 'undo' among the commands that changes were made with. As their authors say; it
-- finds the decisions, what was decided is in the history.
ALTER TABLE change ADD COLUMN decision TEXT;
CREATE INDEX change_decision ON change (came, record, position) WHERE decision IS NOT NULL;

-- Fields with several live values, or with a decision that was taken back. Derived from the documents,
-- rebuildable. `harm`: 0 is the worst.
CREATE TABLE conflict (
    record   INTEGER NOT NULL REFERENCES record (number),
    field    TEXT    NOT NULL,
    harm     INTEGER NOT NULL,
    reopened INTEGER NOT NULL,
    PRIMARY KEY (record, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX conflict_harm ON conflict (harm, record, field);

-- What tells people apart or together: numbers, or name, year and village. Derived, of the records of a person.
CREATE TABLE trait (
    kind   TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    record INTEGER NOT NULL REFERENCES record (number),
    PRIMARY KEY (kind, value, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX trait_record ON trait (record);

-- What was decided about two persons; `decision` is empty while that is in question itself. Derived from the
-- records of kind `link`.
CREATE TABLE pair (
    record   INTEGER PRIMARY KEY REFERENCES record (number),
    a        BLOB NOT NULL,
    b        BLOB NOT NULL,
    decision TEXT NOT NULL
) STRICT;
CREATE INDEX pair_a ON pair (a, b);
CREATE INDEX pair_b ON pair (b);

-- Begun and not yet saved: on this device only, never in a document.
CREATE TABLE draft (
    id      BLOB    PRIMARY KEY,
    staff   BLOB    NOT NULL,
    kind    TEXT    NOT NULL,
    record  BLOB,
    content TEXT    NOT NULL,
    saved   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_staff ON draft (staff, saved);
