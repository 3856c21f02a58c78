//! `sambung backup` and `sambung restore`

use std::process::ExitCode;

use sambung_replica::backup::restore as put_back;

use super::Place;
use crate::cli::{Backup, Restore};
use crate::failure::Failure;
use crate::keyfile::{self, KEY_FILE};
use crate::node::{DATABASE, SyncLock, now};
use crate::output;

/// Copies the replica into a new file while it is in use.
pub(crate) fn backup(place: &Place, arguments: &Backup) -> Result<ExitCode, Failure> {
    let dir = place.dir()?;
    let key = keyfile::read(dir)?;
    let manifest = place.node()?.replica.backup(&arguments.file, &key, now())?;
    if arguments.json {
        output::json(&manifest);
    } else {
        output::line(&format!(
            "{}: {} catatan, {} perubahan, {}",
            arguments.file.display(),
            manifest.records,
            manifest.changes,
            manifest.made
        ));
        output::message(&format!(
            "Simpan juga salinan {} di tempat lain: tanpa kunci itu cadangan tidak bisa dibuka. / Keep a copy of {} \
             elsewhere too: without that key the backup opens for nobody.",
            dir.join(KEY_FILE).display(),
            KEY_FILE
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts a backup in place.
pub(crate) fn restore(place: &Place, arguments: &Restore) -> Result<ExitCode, Failure> {
    let dir = place.dir()?;
    std::fs::create_dir_all(dir)
        .map_err(|source| Failure::File { what: dir.display().to_string(), source })?;
    let adopted = match &arguments.key_file {
        Some(file) => keyfile::adopt(file, dir)?,
        None => false,
    };
    let placed = place_backup(place, arguments);
    if placed.is_err() && adopted {
        // The directory is left as it was found.
        let path = dir.join(KEY_FILE);
        std::fs::remove_file(&path)
            .map_err(|source| Failure::File { what: path.display().to_string(), source })?;
    }
    placed
}

fn place_backup(place: &Place, arguments: &Restore) -> Result<ExitCode, Failure> {
    let dir = place.dir()?;
    let key = keyfile::read(dir)?;
    let _lock = SyncLock::take(dir)?;
    let ending = format!(".{}", now().to_string().replace(':', ""));
    let aside = arguments.force.then_some(ending.as_str());
    let manifest = put_back(&arguments.file, &dir.join(DATABASE), &key, aside, now())?;
    if arguments.json {
        output::json(&manifest);
    } else {
        output::line(&format!(
            "{} catatan, {} perubahan, keadaan {}",
            manifest.records, manifest.changes, manifest.made
        ));
        output::message(
            "Yang terkirim sesudah cadangan ini kembali pada sambungan berikutnya: sambung sync. / What was sent \
             after this backup comes back with the next exchange: sambung sync.",
        );
    }
    Ok(ExitCode::SUCCESS)
}
