//! Questions of the command line.

use rusqlite::Row;
use sambung_domain::{Shard, Timestamp};
use sambung_sync::chain::Mark;
use sambung_sync::relay::{Device, Load, RelayStore};
use sambung_trust::{Order, Signed, Subject};

use super::migration::version;
use super::{SqliteStore, StoreError, row};

/// A device as its operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// The device.
    pub device: Device,
    /// Relay time of its enrolment.
    pub enrolled: Timestamp,
    /// Its current grant.
    pub grant: Signed,
}

/// An order as its operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The order.
    pub order: Order,
    /// Why; empty for one that a replica gave back.
    pub reason: String,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Records, generations counted apart.
    pub records: u64,
    /// Changes.
    pub changes: u64,
    /// Devices.
    pub devices: u64,
    /// Invitations that can still be used.
    pub invitations_open: u64,
    /// Version of the schema.
    pub database: u32,
}

/// What the store holds now, as far as it is known without reading much: for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holdings {
    /// Where each shard's log ends.
    pub tips: Vec<(Shard, Mark)>,
    /// Changes in quarantine that nobody has decided about.
    pub quarantine: Load,
    /// Sealed items whose content is here.
    pub parcels: Load,
    /// Devices.
    pub devices: u64,
    /// The database with its write-ahead log.
    pub bytes: u64,
}

impl SqliteStore<'_> {
    /// Every device, the longest enrolled first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn devices(&mut self) -> Result<Vec<DeviceRow>, StoreError> {
        let mut statement = self.connection().prepare(
            "SELECT replica, key, name, device.grant, counter, root, seen, enrolled, body, signature
             FROM device JOIN grant ON grant.id = device.grant ORDER BY enrolled, replica",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(DeviceRow {
                device: row::device(row)?,
                enrolled: Timestamp(row.get(7)?),
                grant: row::signed(row, 8)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The orders on a device, in the order they came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn order_rows(&mut self, subject: &Subject) -> Result<Vec<OrderRow>, StoreError> {
        let text = "SELECT body, reason FROM orders WHERE subject = ?1 ORDER BY number";
        let mut statement = self.connection().prepare(text)?;
        let rows = statement.query_map([subject.0], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (body, reason) = row?;
            Ok(OrderRow { order: row::from_cbor(&body)?, reason })
        })
        .collect()
    }

    /// What a store of this size holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn holdings(&mut self, bytes: u64) -> Result<Holdings, StoreError> {
        let devices = self.connection().query_row("SELECT count(*) FROM device", [], |row| row.get(0))?;
        Ok(Holdings {
            tips: self.tips()?,
            quarantine: self.load_where("quarantine WHERE outcome IS NULL")?,
            parcels: self.load_where("parcel WHERE content IS NOT NULL")?,
            devices: row::sequence(devices)?,
            bytes,
        })
    }

    /// Number and bytes of some rows.
    fn load_where(&self, rows: &str) -> Result<Load, StoreError> {
        let text = format!("SELECT count(*), coalesce(sum(bytes), 0) FROM {rows}");
        let size = |row: &Row<'_>, at| row.get(at).map(|number: i64| usize::try_from(number).unwrap_or(0));
        let load = |row: &Row<'_>| Ok(Load { changes: size(row, 0)?, bytes: size(row, 1)? });
        Ok(self.connection().query_row(&text, [], load)?)
    }

    /// Counts everything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn totals(&mut self, now: Timestamp) -> Result<Totals, StoreError> {
        let count = |text: &str| -> Result<u64, StoreError> {
            row::sequence(self.connection().query_row(text, [], |row| row.get(0))?)
        };
        let open = "SELECT count(*) FROM invitation WHERE used_by IS NULL AND expires >= ?1";
        Ok(Totals {
            records: count("SELECT count(*) FROM record")?,
            changes: count("SELECT count(*) FROM change")?,
            devices: count("SELECT count(*) FROM device")?,
            invitations_open: row::sequence(self.connection().query_row(open, [now.0], |row| row.get(0))?)?,
            database: version(self.connection())?,
        })
    }
}
