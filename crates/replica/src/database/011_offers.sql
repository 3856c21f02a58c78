-- Records that somebody has offered to another office: few, and asked for at every look at the list of offers.
CREATE INDEX projection_offered ON projection (id) WHERE nullif(content ->> '$.transfer', '') IS NOT NULL;

-- Records whose changes came and of which nobody has looked yet whether they are where their person is.
CREATE TABLE unlooked (
    record INTEGER PRIMARY KEY REFERENCES record (number)
) STRICT;
