-- What search looks into: one row a record with something to find. Words and their beginnings are found in the first
-- table, three letters and more inside of words in the second.
-- `kind`: a word of three letters for the kind of the record that a hit leads to. `title`: names. `number`: digits and letters of numbers.
-- `place`: a colon and the digits of the area's code.
CREATE VIRTUAL TABLE search_word USING fts5 (
    kind, title, text, number, place,
    tokenize = 'unicode61 remove_diacritics 2', columnsize = 0
);
CREATE VIRTUAL TABLE search_part USING fts5 (
    kind, title, text, number,
    tokenize = 'trigram remove_diacritics 1', columnsize = 0
);
