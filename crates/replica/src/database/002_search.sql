-- Which records name which: derived from the projection. `created` as the record says, empty if it does not.
CREATE TABLE reference (
    target  BLOB    NOT NULL,
    kind    TEXT    NOT NULL,
    created TEXT    NOT NULL,
    record  INTEGER NOT NULL REFERENCES record (number),
    PRIMARY KEY (target, kind, created, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_record ON reference (record);

-- The ids of the private parts that a record has or could have: they are derived from its own and do not lead
-- back to it.
CREATE TABLE sibling (
    id     BLOB    NOT NULL,
    record INTEGER NOT NULL REFERENCES record (number),
    PRIMARY KEY (id, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX sibling_record ON sibling (record);

-- What lists sort and filter by where the content does not hold it as one value: where a matter stands, the first
-- part of a block.
ALTER TABLE projection ADD COLUMN listed TEXT NOT NULL DEFAULT '{}';
CREATE INDEX projection_area ON projection (kind, (nullif(content ->> '$.area', '')), id);
CREATE INDEX projection_office ON projection (kind, (nullif(content ->> '$.office', '')), id);
CREATE INDEX projection_created ON projection (kind, (nullif(content ->> '$.created_at', '')), id);
CREATE INDEX projection_id ON projection (id);
-- Told without reading documents: whether a record is away, and how many are not.
CREATE INDEX record_away ON record (away);
