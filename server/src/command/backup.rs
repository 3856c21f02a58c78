//! `backup`: a checked copy of the database.

use std::io;

use super::CommandError;
use crate::cli::Backup;
use crate::data::DataDir;
use crate::store::back_up;
use crate::{clock, file, output};

pub(super) fn run(args: &Backup) -> Result<(), CommandError> {
    let shown = || args.file.display().to_string();
    file::reserve(&args.file).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            CommandError::Exists(shown())
        } else {
            error.into()
        }
    })?;
    let copied = back_up(&DataDir::at(&args.data.data).database(), &args.file, clock::now())
        .map_err(CommandError::from)
        .and_then(|()| Ok(file::sync(&args.file)?));
    if let Err(error) = copied {
        // Half a backup is worse than none.
        drop(std::fs::remove_file(&args.file));
        return Err(error);
    }
    output::say(&format!("{} is complete and sound.", shown()));
    Ok(())
}
