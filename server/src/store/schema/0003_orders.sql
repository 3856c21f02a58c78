-- Orders: what the issuer has taken back. Grow-only, in the order they came here. `before` names the set before this
-- one: a replica that names it lacks this order and those after it. `tips` is where the logs ended when it was made
-- here, `reason` is for those who run the relay; neither travels.
CREATE TABLE orders (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    subject BLOB NOT NULL,
    body BLOB NOT NULL,
    signature BLOB NOT NULL,
    before BLOB NOT NULL,
    tips BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX orders_subject ON orders (subject);
CREATE INDEX orders_before ON orders (before);
