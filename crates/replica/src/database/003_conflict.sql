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
