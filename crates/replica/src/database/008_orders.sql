-- Orders: what the issuer has taken back, in the order they came. Grow-only; given back to a relay that has forgotten
-- some.
CREATE TABLE orders (
    number    INTEGER PRIMARY KEY,
    id        BLOB NOT NULL UNIQUE,
    subject   BLOB NOT NULL,
    signed    BLOB NOT NULL
) STRICT;
CREATE INDEX orders_subject ON orders (subject);

-- Grants that were replaced by another with other rights, with what this replica had seen by then: work from before is
-- sent under the grant it was done under.
CREATE TABLE formerly (
    id   BLOB PRIMARY KEY,
    seen BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- `granted`: the grant of `formerly` a waiting change was made under; empty for today's. `outcome`: what became of a
-- change in quarantine, 1 released, 2 discarded; `decided` the reason that was given.
ALTER TABLE change ADD COLUMN granted BLOB;
ALTER TABLE change ADD COLUMN outcome INTEGER;
ALTER TABLE change ADD COLUMN decided TEXT;
CREATE INDEX change_late ON change (record) WHERE lane = 1;
CREATE INDEX change_outcome ON change (outcome) WHERE outcome IS NOT NULL;
