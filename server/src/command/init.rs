//! `init`: a new relay, or an empty one with an old identity.

use std::path::Path;

use sambung_sync::relay::SilenceStore;

use super::CommandError;
use crate::cli::Init;
use crate::clock;
use crate::data::DataDir;
use crate::keys::Recovery;
use crate::output;
use crate::store::StoreError;

pub(super) fn run(args: &Init) -> Result<(), CommandError> {
    let data = DataDir::at(&args.data.data);
    data.claim()?;
    match (&args.recover, &args.recovery_out) {
        (Some(file), _) => recover(&data, file, args.name.as_deref()),
        (None, out) => create(&data, args.name.as_deref().unwrap_or_default(), out.as_deref()),
    }
}

fn create(data: &DataDir, name: &str, out: Option<&Path>) -> Result<(), CommandError> {
    let recovery = Recovery::generate(name, clock::now())?;
    // Clap asks for the file; without one there would be no way back.
    let Some(out) = out else { return Ok(()) };
    if out.exists() {
        return Err(CommandError::Exists(out.display().to_string()));
    }
    recovery.write(out)?;
    if let Err(error) = data.fill(&recovery, name) {
        // A recovery file of a relay that never was would be mistaken for one that matters.
        drop(std::fs::remove_file(out));
        return Err(error.into());
    }
    output::say(&format!(
        "The relay is ready. Keep {} offline, in two safe places: without it a lost relay cannot come back.",
        out.display()
    ));
    Ok(())
}

fn recover(data: &DataDir, file: &Path, name: Option<&str>) -> Result<(), CommandError> {
    let recovery = Recovery::read(file)?;
    data.fill(&recovery, name.unwrap_or(&recovery.name))?;
    let (_, pool) = data.open()?;
    pool.write::<_, StoreError>(|store| store.begin_silence(clock::now(), "made from the recovery file"))?;
    output::say(
        "The relay has its identity back and an empty log; devices bring back what they hold. It sends no records \
         before a node of the centre has exchanged, or `sambung-relay resume` was called.",
    );
    Ok(())
}
