//! `sambung record export|import --automerge` and the process that reads such files.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use sambung_replica::Circumstances;
use sambung_sync::interop::FILE_MAX;

use super::Place;
use crate::cli::{Export, Import};
use crate::failure::Failure;
use crate::node::{now, random};
use crate::output;
use crate::reader::{self, Reader};

/// Writes a record's document into a new file and gives out an actor.
pub(crate) fn export(place: &Place, arguments: &Export) -> Result<ExitCode, Failure> {
    let path = &arguments.automerge;
    let failed = |source| Failure::File { what: path.display().to_string(), source };
    let exported = place.node()?.command(|replica, with| {
        let exported = replica.export(arguments.id, with)?;
        Ok(exported)
    })?;
    let mut file = File::options().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(&exported.file).and_then(|()| file.sync_all()).map_err(failed)?;
    if arguments.json {
        output::json(&exported);
    } else {
        output::line(&exported.actor);
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes a file back.
pub(crate) fn import(place: &Place, arguments: &Import) -> Result<ExitCode, Failure> {
    let mut node = place.node()?;
    let reader = Reader::of(read_file(&arguments.automerge)?);
    let split = reader.split()?;
    let mut fresh = random;
    let mut circumstances = Circumstances { staff: node.staff, now: now(), random: &mut fresh };
    let imported = node.replica.import(
        &split,
        &mut |settled| reader.differences(settled).map_err(|failure| failure.to_string()),
        &mut circumstances,
    )?;
    if arguments.json {
        output::json(&imported);
    } else {
        output::line(&format!(
            "{}: {} perubahan diterima, {} isian ditulis ulang, {} sudah ada",
            imported.record, imported.taken, imported.replayed, imported.known
        ));
    }
    if imported.taken + imported.replayed == 0 {
        output::message("Tidak ada yang berubah. / Nothing was different.");
    }
    Ok(ExitCode::SUCCESS)
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::File { what: path.display().to_string(), source };
    let most = u64::try_from(FILE_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > FILE_MAX {
        return Err(Failure::Foreign(format!("it is longer than {FILE_MAX} bytes")));
    }
    Ok(bytes)
}

/// The process that reads: a request from stdin, the answer to stdout, and nothing else.
pub(crate) fn read() -> Result<ExitCode, Failure> {
    let failed = |source| Failure::File { what: "stdin or stdout".to_owned(), source };
    reader::limit().map_err(failed)?;
    let mut request = Vec::new();
    std::io::stdin().read_to_end(&mut request).map_err(failed)?;
    let answer = sambung_sync::interop::answer(&request);
    std::io::stdout().write_all(&answer).map_err(failed)?;
    Ok(ExitCode::SUCCESS)
}
