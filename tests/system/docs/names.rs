//! Names in the documents are names in the code.
