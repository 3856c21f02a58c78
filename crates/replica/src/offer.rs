//! Offers of records from office to office: what they say, and which there are.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sambung_domain::pack::TRANSFER_TERMS;
use sambung_domain::{Area, OfficeCode, Pack, RecordId, Routing, Set, Timestamp};
use sambung_sync::routing;
use sambung_trust::Grant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::loaded::{self, RecordRow};
use crate::{Replica, ReplicaError, projection};

/// Most offers in one answer.
pub const OFFERS_MAX: u32 = 1_000;

/// What goes with an offer: the text under [`TRANSFER_TERMS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// The receiver.
    pub(crate) to: OfficeCode,
    /// The office that offers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<OfficeCode>,
    /// Since when, by the clock of the device that offered.
    pub(crate) since: String,
    /// The area the record comes to with the acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) area: Option<Area>,
    /// Whether the receiver was a partner before, and stays one if it declines.
    #[serde(default)]
    pub(crate) partner: bool,
}

impl Terms {
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Which way an offer goes, seen from this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// To an office of this device: it can be accepted or declined here.
    ToUs,
    /// By an office of this device.
    ByUs,
    /// Between others, whose records this device sees.
    Others,
}

/// A record that is offered. What belongs to it is not listed by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Offered {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// The person's name, where it has one.
    pub name: Option<String>,
    /// Which way the offer goes.
    pub way: Way,
    /// The office that has it.
    pub from: Option<String>,
    /// The office it is offered to.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub to: OfficeCode,
    /// The area it comes to with the acceptance.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub area: Option<Area>,
    /// Since when, by the clock of the device that offered.
    pub since: Option<String>,
}

/// Offers, those to this device's offices first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Offers {
    /// The offers.
    pub offers: Vec<Offered>,
    /// Whether there are more than one answer holds.
    pub more: bool,
}

impl Replica {
    /// Which records are offered, up to [`OFFERS_MAX`]. Two offers of one record that were made at the same time are
    /// two.
    ///
    /// # Errors
    /// What the database says.
    pub fn offers(&self) -> Result<Offers, ReplicaError> {
        let onlooker = self.onlooker()?;
        let grant = crate::identity::grant(&self.connection)?.1;
        let own = own_offices(&grant);
        let sql = "SELECT projection.id FROM projection JOIN record AS r ON r.number = record
                   WHERE nullif(content ->> '$.transfer', '') IS NOT NULL AND away = 0 ORDER BY projection.id LIMIT ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let ids: Vec<[u8; 16]> =
            statement.query_map([OFFERS_MAX + 1], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut offers = Vec::new();
        for id in ids {
            if let Some(row) = loaded::find(&self.connection, RecordId(id))?
                && onlooker.sees(&self.connection, &row)?
            {
                offers.extend(self.offers_of(&row, &own)?);
            }
        }
        offers.sort_by(|a, b| (a.way, &a.since, a.id).cmp(&(b.way, &b.since, b.id)));
        let most = usize::try_from(OFFERS_MAX).unwrap_or(usize::MAX);
        let more = offers.len() > most;
        offers.truncate(most);
        Ok(Offers { offers, more })
    }

    fn offers_of(&self, row: &RecordRow, own: &BTreeSet<OfficeCode>) -> Result<Vec<Offered>, ReplicaError> {
        if self.pack.kind(&row.kind).is_some_and(|kind| kind.follows.is_some()) {
            return Ok(Vec::new());
        }
        let routing = routing_of(&self.connection, &self.pack, row)?;
        let terms = terms_of(&self.connection, &self.pack, row)?;
        let content = projection::content(&self.connection, row)?;
        let text = |key: &str| content.get(key).and_then(Json::as_str).map(str::to_owned);
        let offered = |to: &OfficeCode| {
            let terms = terms.iter().find(|terms| terms.to == *to);
            let ours = routing.offices.iter().any(|office| own.contains(office));
            let way = if own.contains(to) {
                Way::ToUs
            } else if ours {
                Way::ByUs
            } else {
                Way::Others
            };
            Offered {
                id: row.id,
                kind: row.kind.clone(),
                name: text("nama_lengkap"),
                way,
                from: text("office"),
                to: to.clone(),
                area: terms.and_then(|terms| terms.area.clone()),
                since: terms.map(|terms| terms.since.clone()),
            }
        };
        Ok(open_offers(&routing).map(offered).collect())
    }
}

/// The offers that nobody has accepted: one to an office that has the record already is none.
pub(crate) fn open_offers(routing: &Routing) -> impl Iterator<Item = &OfficeCode> {
    routing.offered.iter().filter(|office| !routing.offices.contains(office))
}

/// The offices whose records a grant reaches.
pub(crate) fn own_offices(grant: &Grant) -> BTreeSet<OfficeCode> {
    let office = |set: &Set| match set {
        Set::Office(office) => Some(office.clone()),
        Set::Area(_) | Set::Person(_) => None,
    };
    grant.sets.iter().filter_map(office).collect()
}

/// Where a record belongs by everything that is known of it here.
pub(crate) fn routing_of(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
) -> Result<Routing, ReplicaError> {
    Ok(routing::routing(&row.history(connection, pack)?))
}

/// The terms of every offer that stands. What cannot be read is none.
pub(crate) fn terms_of(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
) -> Result<Vec<Terms>, ReplicaError> {
    let document = row.document(connection, pack)?;
    let lives = document
        .live(&[TRANSFER_TERMS])
        .map_err(|source| ReplicaError::Document { record: row.id, source })?;
    let texts = lives.iter().filter_map(projection::value);
    Ok(texts.filter_map(|value| serde_json::from_str(value.as_text()?).ok()).collect())
}

/// The office that is known to serve an area today: the one with the smallest area around it, if it is the only one.
pub(crate) fn serving(
    connection: &Connection,
    area: &Area,
    now: Timestamp,
) -> Result<Option<OfficeCode>, ReplicaError> {
    let sql = "SELECT content FROM projection JOIN record ON number = record
               WHERE projection.kind = 'office' AND away = 0";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let today = now.to_string();
    let mut best: Vec<(usize, OfficeCode)> = Vec::new();
    for row in rows {
        let content: Map<String, Json> = serde_json::from_str(&row?).unwrap_or_default();
        let code = content.get("kode").and_then(Json::as_str).and_then(|code| code.parse().ok());
        let (Some(code), Some(areas)) = (code, content.get("wilayah_kerja").and_then(Json::as_object)) else {
            continue;
        };
        let served = areas.values().filter_map(|item| served(item, area, &today)).max();
        best.extend(served.map(|length| (length, code)));
    }
    let longest = best.iter().map(|(length, _)| *length).max();
    let mut nearest = best.into_iter().filter(|(length, _)| Some(*length) == longest).map(|(_, code)| code);
    Ok(match (nearest.next(), nearest.next()) {
        (Some(code), None) => Some(code),
        (Some(_), Some(_)) | (None, _) => None,
    })
}

/// How closely an office's area is around another, if it is and has not ended.
fn served(item: &Json, area: &Area, today: &str) -> Option<usize> {
    let own: Area = item.get("area")?.as_str()?.parse().ok()?;
    let ended = item.get("akhir").and_then(Json::as_str).is_some_and(|end| !end.is_empty() && end < today);
    (own.covers(area) && !ended).then(|| own.as_str().len())
}
