-- Why the relay quarantined a change, and when this device heard its verdict.
ALTER TABLE change ADD COLUMN code TEXT;
ALTER TABLE change ADD COLUMN judged INTEGER;

-- Where an unusable chunk belongs, so that a release that understands it can take it. Empty where nobody
-- vouches for the chunk: it is never tried again from here.
ALTER TABLE unusable ADD COLUMN kind TEXT;
ALTER TABLE unusable ADD COLUMN set_name TEXT;
ALTER TABLE unusable ADD COLUMN nonce BLOB;
ALTER TABLE unusable ADD COLUMN batch INTEGER;
ALTER TABLE unusable ADD COLUMN leaf INTEGER;
ALTER TABLE unusable ADD COLUMN shard TEXT;
ALTER TABLE unusable ADD COLUMN sequence INTEGER;
