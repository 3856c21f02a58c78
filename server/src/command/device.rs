//! `device list`: who is enrolled.

use sambung_domain::RecordId;
use sambung_domain::hex::hex;
use sambung_trust::Grant;
use serde::Serialize;

use super::CommandError;
use crate::cli::Look;
use crate::data::DataDir;
use crate::output;
use crate::store::{DeviceRow, Pool, StoreError};

/// One device, without anything secret.
#[derive(Serialize)]
struct Listed {
    device: String,
    replica: String,
    name: String,
    role: &'static str,
    areas: Vec<String>,
    office: Option<String>,
    staff: Vec<String>,
    enrolled: String,
    seen: String,
    granted_until: String,
    counter: u64,
}

pub(super) fn list(args: &Look) -> Result<(), CommandError> {
    let pool = Pool::open(&DataDir::at(&args.data.data).database())?;
    let listed: Vec<Listed> =
        pool.read::<_, StoreError>(|store| store.devices()?.into_iter().map(listed).collect())?;
    if args.json {
        output::json(&listed)?;
        return Ok(());
    }
    for device in listed {
        output::line(&format!(
            "{}  {}  {}  {}  enrolled {}  seen {}  pushes {}",
            device.device,
            device.name,
            device.role,
            device.areas.join(","),
            device.enrolled,
            device.seen,
            device.counter
        ))?;
    }
    Ok(())
}

fn listed(row: DeviceRow) -> Result<Listed, StoreError> {
    let grant: Grant = row.grant.peek().map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(Listed {
        device: hex(&row.device.key.fingerprint()),
        replica: RecordId(row.device.replica).to_string(),
        name: row.device.name,
        role: grant.role.as_str(),
        areas: grant.sets.iter().map(ToString::to_string).collect(),
        office: grant.office.as_ref().map(ToString::to_string),
        staff: grant.staff.iter().map(ToString::to_string).collect(),
        enrolled: row.enrolled.to_string(),
        seen: row.device.seen.to_string(),
        granted_until: grant.until.to_string(),
        counter: row.device.counter,
    })
}
