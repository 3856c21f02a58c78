//! A node in a directory, enrolled at a relay that is gone afterwards.

use std::path::Path;

use anyhow::{Context, Result};
use sambung_domain::{Pack, StaffId};
use sambung_relay::clock;
use sambung_relay::data::DataDir;
use sambung_relay::host::Host;
use sambung_relay::keys::{KeyFile, Recovery};
use sambung_relay::store::{Pool, StoreError};
use sambung_replica::{Circumstances, DatabaseKey, Enrolment, Replica, ReplicaError};
use sambung_sync::relay::{Invitation, RelayStore};
use sambung_trust::invitation::InvitationCode;

/// The key of the databases of measurements, whose people are made up.
const KEY: [u8; 32] = [7; 32];

/// An opened node.
pub(crate) struct Node {
    pub(crate) replica: Replica,
    staff: StaffId,
}

impl Node {
    /// Makes a node in an empty directory.
    pub(crate) fn make(dir: &Path) -> Result<Node> {
        let relay = dir.join("relay");
        let recovery = Recovery::generate("Uji", clock::now())?;
        let data = DataDir::at(&relay);
        data.claim()?;
        data.fill(&recovery, "Uji")?;
        let (relay, pool) = data.open()?;
        let host = Host::new(relay, pool);
        let code = invite(&data)?;
        let (seed, replica) = (clock::random()?, clock::random()?);
        let enrolment = Enrolment::begin(&host.hello(), "http://127.0.0.1:9", &code, "Uji", &seed, replica)?;
        let answer = host.enrol(&enrolment.request()).map_err(|error| anyhow::anyhow!("{error}"))?;
        enrolment.finish(&answer, &dir.join("replica.db"), &DatabaseKey(KEY.into()))?;
        let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(dir.join("device.key"), format!("{{\"form\":\"raw\",\"key\":\"{hex}\"}}"))?;
        Node::open(dir)
    }

    /// Opens the node of a directory.
    pub(crate) fn open(dir: &Path) -> Result<Node> {
        let pack = Pack::builtin()?;
        let replica =
            Replica::open(&dir.join("replica.db"), &DatabaseKey(KEY.into()), pack, clock::random()?)?;
        let staff = *replica.staff()?.first().context("nobody may unlock the node")?;
        Ok(Node { replica, staff })
    }

    /// Runs a command.
    pub(crate) fn command<T>(
        &mut self,
        command: impl FnOnce(&mut Replica, &mut Circumstances<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T> {
        let mut random = || clock::random().unwrap_or([0; 16]);
        let mut circumstances = Circumstances { staff: self.staff, now: clock::now(), random: &mut random };
        Ok(command(&mut self.replica, &mut circumstances)?)
    }
}

fn invite(data: &DataDir) -> Result<String> {
    let code = InvitationCode::new(clock::random()?, &KeyFile::read(&data.keys())?.root());
    let invitation = Invitation {
        hash: code.hash(),
        role: "front_office".parse().map_err(|_| anyhow::anyhow!("no such role"))?,
        areas: vec!["35.13".parse()?],
        sets: Vec::new(),
        office: None,
        staff: Vec::new(),
        expires: clock::now().plus_ms(60_000),
        used_by: None,
    };
    let pool = Pool::open(&data.database())?;
    pool.write::<_, StoreError>(|store| store.put_invitation(&invitation))?;
    Ok(code.text())
}
