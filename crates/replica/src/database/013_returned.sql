-- What the relay said to stand in its log: beside a receipt for one push, a statement on everything that one answer
-- confirmed, with the leaves of its tree (`leaves`; empty for a receipt). A change names the statement that covers it
-- and its leaf there: with them anybody gives it back to a relay that has lost it.
ALTER TABLE receipt ADD COLUMN leaves BLOB;
ALTER TABLE change ADD COLUMN admission INTEGER REFERENCES receipt (number);
ALTER TABLE change ADD COLUMN admitted INTEGER;
ALTER TABLE pending ADD COLUMN admission INTEGER;
ALTER TABLE pending ADD COLUMN admitted INTEGER;

-- Changes that stood in the log and do not any more.
CREATE INDEX change_returning ON change (record, position)
    WHERE admission IS NOT NULL AND sequence IS NULL AND receipt IS NULL AND refused IS NULL;
