-- Devices that content is sealed to, as their grants say.
CREATE TABLE recipient (
    device BLOB PRIMARY KEY,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Sealed items, by their content: an item sealed anew for a later device has several. The content goes once the item is
-- safe. `destination` is an office's code, or empty for the centre.
CREATE TABLE parcel (
    number INTEGER PRIMARY KEY,
    item BLOB NOT NULL,
    content_hash BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    destination TEXT NOT NULL,
    device BLOB NOT NULL,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    came INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    content BLOB
) STRICT;
CREATE INDEX parcel_item ON parcel (item);
CREATE INDEX parcel_waiting ON parcel (destination, number) WHERE content IS NOT NULL;
CREATE INDEX parcel_load ON parcel (device, bytes) WHERE content IS NOT NULL;

-- Items that somebody holds as a record; `safe` once a second replica does.
CREATE TABLE parcel_note (
    item BLOB PRIMARY KEY,
    record BLOB NOT NULL,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    safe INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
