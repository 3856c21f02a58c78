-- What is known of a batch that was given back in parts, where `leaves` does not hold all of them: then it is empty.
ALTER TABLE batch ADD COLUMN tree BLOB;

-- Random, drawn when a sealed item came: a number that was given again after a loss is told from the former one.
ALTER TABLE parcel ADD COLUMN mark BLOB;
