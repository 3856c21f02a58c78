//! `verify`: the whole database against its own hashes and signatures.

use super::CommandError;
use crate::cli::Look;
use crate::data::DataDir;
use crate::output;
use crate::store::{Authorities, verify};

pub(super) fn run(args: &Look) -> Result<(), CommandError> {
    let data = DataDir::at(&args.data.data);
    let (relay, pool) = data.open()?;
    drop(pool);
    let authorities = Authorities { pack: &relay.pack, deployment: &relay.keys.deployment, log: &relay.log };
    let report = verify(&data.database(), &authorities)?;
    if args.json {
        output::json(&report)?;
    } else {
        for finding in &report.findings {
            output::line(finding)?;
        }
        output::line(&format!(
            "{} shards, {} entries, {} records, {} changes, {} batches: {} findings",
            report.shards,
            report.entries,
            report.records,
            report.changes,
            report.batches,
            report.findings.len()
        ))?;
    }
    if report.findings.is_empty() { Ok(()) } else { Err(CommandError::Findings(report.findings.len())) }
}
