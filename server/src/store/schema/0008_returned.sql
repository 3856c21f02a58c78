-- What is known of a batch that was given back in parts, where `leaves` does not hold all of them: then it is empty.
ALTER TABLE batch ADD COLUMN tree BLOB;
