-- Which status card belongs to the number of a service card: lists that offices make when they print cards and import
-- from each other. The tracking code is in no list. Data of this device only, never a record; on no village device.
CREATE TABLE card_list (
    number TEXT PRIMARY KEY,
    card   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
