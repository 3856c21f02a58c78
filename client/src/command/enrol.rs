//! `sambung enrol`

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::{Place, runtime};
use crate::cli::Enrol;
use crate::failure::Failure;
use crate::node::{DATABASE, Node};
use crate::relay::RelayClient;
use crate::{keyfile, output};

/// Makes a replica in an empty or new directory.
pub(crate) fn run(place: &Place, arguments: &Enrol) -> Result<ExitCode, Failure> {
    let dir = place.dir()?;
    claim(dir)?;
    let name = arguments.name.clone().unwrap_or_else(machine_name);
    let key = keyfile::create(dir, arguments.passphrase_file.as_deref())?;
    let database = dir.join(DATABASE);
    let enrolled = RelayClient::new(&arguments.relay)
        .and_then(|relay| runtime()?.block_on(relay.enrol(&arguments.code, &name, &database, &key)));
    let identity = match enrolled {
        Ok(identity) => identity,
        Err(failure) => {
            abandon(dir);
            return Err(failure);
        }
    };
    let node = Node::open_with(dir, &key, None)?;
    let replica = sambung_domain::id::encode_id(identity.replica);
    let staff: Vec<String> = node.replica.staff()?.iter().map(ToString::to_string).collect();
    if arguments.json {
        output::json(&json!({ "replica": replica, "name": identity.name, "staff": staff }));
    } else {
        output::line(&replica);
        output::message(&format!(
            "Komputer \"{}\" sudah terdaftar. / This computer is enrolled.",
            identity.name
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a directory in use; makes one that is missing.
fn claim(dir: &Path) -> Result<(), Failure> {
    let failed = |source| Failure::File { what: dir.display().to_string(), source };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(failed)?;
    if std::fs::read_dir(dir).map_err(failed)?.next().is_some() {
        return Err(Failure::Configuration(format!(
            "{} is in use; a replica needs a directory of its own",
            dir.display()
        )));
    }
    Ok(())
}

/// Leaves the directory as empty as it was found: the next try must not meet a half-made replica.
fn abandon(dir: &Path) {
    for name in [keyfile::KEY_FILE, DATABASE, "replica.db-wal", "replica.db-shm"] {
        let path = dir.join(name);
        if path.exists()
            && let Err(error) = std::fs::remove_file(&path)
        {
            output::message(&format!("warning: {} could not be removed: {error}", path.display()));
        }
    }
}

fn machine_name() -> String {
    std::fs::read_to_string("/etc/hostname")
        .map_or_else(|_| "sambung".to_owned(), |name| name.trim().to_owned())
}
