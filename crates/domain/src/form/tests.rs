mod accepted;
mod findings;
