//! A node in a directory, enrolled at a relay that is gone afterwards.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use sambung_domain::hex::unhex;
use sambung_domain::{Pack, StaffId};
use sambung_relay::clock;
use sambung_relay::data::DataDir;
use sambung_relay::host::Host;
use sambung_relay::keys::{KeyFile, Recovery};
use sambung_relay::store::{Pool, StoreError};
use sambung_replica::{Circumstances, DatabaseKey, Enrolment, Replica, ReplicaError};
use sambung_sync::frame::MEDIA_TYPE;
use sambung_sync::relay::{Invitation, RelayStore};
use sambung_trust::invitation::InvitationCode;

use crate::http::Connection;

/// The key of the databases of measurements, whose people are made up.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// An opened node.
pub(crate) struct Node {
    pub(crate) replica: Replica,
    pub(crate) staff: StaffId,
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
        let code = invite(&data, "35.13")?;
        let (seed, replica) = (clock::random()?, clock::random()?);
        let enrolment = Enrolment::begin(&host.hello(), "http://127.0.0.1:9", &code, "Uji", &seed, replica)?;
        let answer = host.enrol(&enrolment.request()).map_err(|error| anyhow::anyhow!("{error}"))?;
        enrolment.finish(&answer, &dir.join("replica.db"), &DatabaseKey(KEY.into()))?;
        let hex: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(dir.join("device.key"), format!("{{\"form\":\"raw\",\"key\":\"{hex}\"}}"))?;
        Node::open(dir)
    }

    /// Enrols a node at a relay with a code, in an empty directory.
    pub(crate) fn enrol(dir: &Path, relay: &mut Connection, code: &str) -> Result<Node> {
        std::fs::create_dir_all(dir)?;
        let (_, hello) = relay.get("/sync/v1/hello")?;
        let (seed, replica) = (clock::random()?, clock::random()?);
        let enrolment = Enrolment::begin(&hello, "http://127.0.0.1:9", code, "Uji", &seed, replica)?;
        let (status, answer) = relay.post("/sync/v1/enrol", MEDIA_TYPE, &enrolment.request())?;
        ensure!(status == 200, "not enrolled: HTTP {status}");
        enrolment.finish(&answer, &dir.join("replica.db"), &DatabaseKey(KEY.into()))?;
        Node::open_with(dir, &DatabaseKey(KEY.into()))
    }

    /// Opens the node of a directory with the key of its key file.
    pub(crate) fn open(dir: &Path) -> Result<Node> {
        let text = std::fs::read_to_string(dir.join("device.key"))?;
        let file: serde_json::Value = serde_json::from_str(&text)?;
        let key = unhex(file["key"].as_str().context("no key in device.key")?)?;
        let key: [u8; 32] = key.try_into().map_err(|_| anyhow::anyhow!("no key in device.key"))?;
        Node::open_with(dir, &DatabaseKey(key.into()))
    }

    fn open_with(dir: &Path, key: &DatabaseKey) -> Result<Node> {
        let replica = Replica::open(&dir.join("replica.db"), key, Pack::builtin()?, clock::random()?)?;
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

/// An invitation for an area, written into the relay's database beside the relay.
pub(crate) fn invite(data: &DataDir, area: &str) -> Result<String> {
    let code = InvitationCode::new(clock::random()?, &KeyFile::read(&data.keys())?.root());
    let invitation = Invitation {
        hash: code.hash(),
        role: "front_office".parse().map_err(|_| anyhow::anyhow!("no such role"))?,
        areas: vec![area.parse()?],
        sets: Vec::new(),
        office: None,
        staff: Vec::new(),
        expires: clock::now().plus_ms(600_000),
        used_by: None,
    };
    let pool = Pool::open(&data.database())?;
    pool.write::<_, StoreError>(|store| store.put_invitation(&invitation))?;
    Ok(code.text())
}
