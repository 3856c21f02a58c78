-- Only what is away is told by an index: one over all rows would be followed from record to record by whoever asks
-- for those that are here.
DROP INDEX record_away;
CREATE INDEX record_away ON record (away) WHERE away = 1;

-- What was removed from a record leaves the index of search when its pieces are merged. The record's changes hold
-- the same values as long as the record is here.
INSERT INTO search_word (search_word, rank) VALUES ('secure-delete', 0);
INSERT INTO search_part (search_part, rank) VALUES ('secure-delete', 0);
