//! `restore`: a backup becomes a relay again.

use serde::Serialize;

use super::CommandError;
use crate::cli::Restore;
use crate::clock;
use crate::data::{DataDir, RestoreError, Restored};
use crate::keys::{KeyFile, Recovery};
use crate::output;
use crate::store::Report;

#[derive(Serialize)]
struct Shown<'a> {
    made: String,
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) fn run(args: &Restore) -> Result<(), CommandError> {
    let restored = DataDir::at(&args.look.data.data).restore(&args.file, &keys(args)?);
    if let Err(RestoreError::Findings(findings)) = &restored {
        for finding in findings {
            output::line(finding)?;
        }
    }
    let Restored { made, report } = restored?;
    let made = made.to_string();
    if args.look.json {
        output::json(&Shown { made, report: &report })?;
        return Ok(());
    }
    output::line(&format!(
        "{} records, {} changes, {} batches of {made}: no findings",
        report.records, report.changes, report.batches
    ))?;
    output::say(
        "Devices find out by themselves what is missing here and send it. Look through `sambung-relay device list`: \
         a device that was revoked after the backup is served again until its order comes back.",
    );
    Ok(())
}

/// The keys that are to go with the backup: those it had, or new ones of the same deployment.
fn keys(args: &Restore) -> Result<KeyFile, CommandError> {
    match (&args.key_file, &args.recover) {
        (Some(file), _) => Ok(KeyFile::read(file)?),
        (None, Some(file)) => {
            let recovery = Recovery::read(file)?;
            Ok(KeyFile::certify(&recovery, &recovery.name, clock::now())?)
        }
        // Clap asks for one of them.
        (None, None) => Err(CommandError::Usage("restore without keys".to_owned())),
    }
}
