//! `parcel …`: sealed items that wait here. The relay cannot open one.

use std::path::Path;

use sambung_domain::hex::hex;
use sambung_trust::ParcelHeader;
use serde::Serialize;

use super::CommandError;
use crate::cli::Look;
use crate::cli::parcel::{Key, Take};
use crate::data::DataDir;
use crate::keys::Recovery;
use crate::store::{Pool, StoreError, WaitingParcel};
use crate::{file, output};

/// Fewest digits of a name that name an item.
const NAME_MIN: usize = 8;

/// An item as its operator sees it.
#[derive(Serialize)]
struct Listed {
    item: String,
    kind: String,
    to: Option<String>,
    device: String,
    bytes: usize,
    came: String,
    sender_ended: bool,
    opened: bool,
}

pub(super) fn list(args: &Look) -> Result<(), CommandError> {
    let listed: Vec<Listed> = waiting(args)?.iter().map(listed).collect();
    if args.json {
        return Ok(output::json(&listed)?);
    }
    for item in &listed {
        let Listed { item, kind, to, device, bytes, came, opened, .. } = item;
        let to = to.as_deref().unwrap_or("(centre)");
        let opened = if *opened { "  opened, not yet safe" } else { "" };
        output::line(&format!("{item}  {kind}  {to}  from {device}  {bytes} B  {came}{opened}"))?;
    }
    Ok(())
}

pub(super) fn take(args: &Take) -> Result<(), CommandError> {
    let waiting = waiting(&args.look)?;
    let called = |parcel: &&WaitingParcel| hex(&parcel.item.0).starts_with(&args.item);
    let mut found = waiting.iter().filter(called);
    match (args.item.len() >= NAME_MIN, found.next(), found.next()) {
        (true, Some(one), None) => write_new(&args.out, &one.parcel.content),
        _ => Err(CommandError::NoParcel(args.item.clone())),
    }
}

pub(super) fn key(args: &Key) -> Result<(), CommandError> {
    let key = Recovery::read(&args.recovery)?.opening_key();
    write_new(&args.out, format!("# {}\n{}\n", key.recipient(), key.text().as_str()).as_bytes())
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    if path.exists() {
        return Err(CommandError::Exists(path.display().to_string()));
    }
    Ok(file::write_new(path, bytes)?)
}

fn waiting(look: &Look) -> Result<Vec<WaitingParcel>, CommandError> {
    let pool = Pool::open(&DataDir::at(&look.data.data).database())?;
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself fits one lifetime only")]
    let waiting = pool.read::<_, StoreError>(|store| store.waiting_parcels())?;
    Ok(waiting)
}

fn listed(waiting: &WaitingParcel) -> Listed {
    let to = waiting.parcel.header.peek::<ParcelHeader>().ok().and_then(|header| header.to);
    Listed {
        item: waiting.item.to_string(),
        kind: waiting.kind.clone(),
        to: to.map(|office| office.to_string()),
        device: hex(&waiting.parcel.device.fingerprint()),
        bytes: waiting.parcel.content.len(),
        came: waiting.came.to_string(),
        sender_ended: waiting.ended,
        opened: waiting.opened,
    }
}
