//! `status`: what the relay holds.

use sambung_domain::Pack;
use sambung_domain::hex::hex;
use sambung_sync::chain::Mark;
use sambung_sync::message::VERSION;
use sambung_sync::relay::RelayStore;
use serde::Serialize;

use super::CommandError;
use crate::cli::Look;
use crate::clock;
use crate::data::{DataDir, DataError};
use crate::keys::KeyFile;
use crate::output;
use crate::store::{Pool, StoreError};

#[derive(Serialize)]
struct Status {
    name: String,
    log: String,
    records: u64,
    changes: u64,
    devices: u64,
    invitations_open: u64,
    shards: Vec<ShardStatus>,
    database_bytes: u64,
    versions: Versions,
}

#[derive(Serialize)]
struct ShardStatus {
    shard: String,
    sequence: u64,
    chain: String,
}

#[derive(Serialize)]
struct Versions {
    relay: &'static str,
    protocol: u16,
    schema: u32,
    database: u32,
    sqlite: &'static str,
}

pub(super) fn run(args: &Look) -> Result<(), CommandError> {
    let status = look(&DataDir::at(&args.data.data))?;
    if args.json {
        output::json(&status)?;
        return Ok(());
    }
    output::line(&format!("name        {}\nlog         {}", status.name, status.log))?;
    output::line(&format!("records     {}\nchanges     {}", status.records, status.changes))?;
    output::line(&format!("devices     {}\ninvitations {}", status.devices, status.invitations_open))?;
    output::line(&format!("database    {} bytes", status.database_bytes))?;
    for shard in &status.shards {
        output::line(&format!("shard {:<6}{} {}", shard.shard, shard.sequence, &shard.chain[..16]))?;
    }
    let Versions { relay, protocol, schema, database, sqlite } = status.versions;
    output::line(&format!(
        "versions    relay {relay}, protocol {protocol}, schema {schema}, database {database}, SQLite {sqlite}"
    ))?;
    Ok(())
}

fn look(data: &DataDir) -> Result<Status, CommandError> {
    let pool = Pool::open(&data.database())?;
    let (totals, tips) =
        pool.read(|store| Ok::<_, StoreError>((store.totals(clock::now())?, store.tips()?)))?;
    let shard = |(shard, mark): (sambung_domain::Shard, Mark)| ShardStatus {
        shard: shard.to_string(),
        sequence: mark.sequence,
        chain: hex(&mark.chain),
    };
    Ok(Status {
        name: KeyFile::read(&data.keys())?.name,
        log: hex(&pool.log()),
        records: totals.records,
        changes: totals.changes,
        devices: totals.devices,
        invitations_open: totals.invitations_open,
        shards: tips.into_iter().map(shard).collect(),
        database_bytes: pool.bytes(),
        versions: Versions {
            relay: env!("CARGO_PKG_VERSION"),
            protocol: VERSION,
            schema: Pack::builtin().map_err(DataError::from)?.version,
            database: totals.database,
            sqlite: rusqlite::version(),
        },
    })
}
