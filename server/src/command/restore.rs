//! `restore`: a backup becomes a relay again.

use sambung_sync::relay::SilenceStore;
use serde::Serialize;

use super::CommandError;
use crate::cli::Restore;
use crate::clock;
use crate::data::{DataDir, RestoreError, Restored};
use crate::keys::{KeyFile, Recovery};
use crate::output;
use crate::store::{Report, StoreError};

#[derive(Serialize)]
struct Shown<'a> {
    made: String,
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) fn run(args: &Restore) -> Result<(), CommandError> {
    let data = DataDir::at(&args.look.data.data);
    let restored = data.restore(&args.file, &keys(args)?);
    if let Err(RestoreError::Findings(findings)) = &restored {
        for finding in findings {
            output::line(finding)?;
        }
    }
    let Restored { made, report } = restored?;
    // It does not know whom it has revoked since.
    let (_, pool) = data.open()?;
    pool.write::<_, StoreError>(|store| store.begin_silence(clock::now(), "restored from a backup"))?;
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
        "Devices find out by themselves what is missing here and send it. Until a node of the centre has exchanged, \
         nothing is sent to anybody; where there is none, look through `sambung-relay device list` and call `resume`.",
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
