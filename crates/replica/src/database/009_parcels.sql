-- Sealed items of this device on their way: nobody here can open them. `state` 0 until the relay has it, 1 once it has,
-- 2 once an office has recorded it, 3 where the relay refused it. Gone once a second replica holds the record.
CREATE TABLE parcel (
    item BLOB NOT NULL,
    content_hash BLOB PRIMARY KEY,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    content BLOB NOT NULL,
    made INTEGER NOT NULL,
    state INTEGER NOT NULL
) STRICT;
CREATE INDEX parcel_state ON parcel (state);

-- Sealed items that came here to be opened. `record` once this device has recorded one.
CREATE TABLE arrival (
    item BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    device BLOB NOT NULL,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    content BLOB NOT NULL,
    ended INTEGER NOT NULL,
    came INTEGER NOT NULL,
    record BLOB,
    opened INTEGER
) STRICT;

-- The keys that drafts of what is sealed are kept under: a draft whose key is overwritten cannot be read.
CREATE TABLE draft_key (
    id BLOB PRIMARY KEY,
    key BLOB NOT NULL
) STRICT;
