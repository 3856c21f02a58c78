//! The records of first syncs: workers of nine changes each, the same for every engine that is compared.

use sambung_domain::value::Value;
use sambung_domain::{Pack, RecordId, StaffId};
use sambung_sync::document::{Actor, Document, Edit, Genesis};
use sambung_sync::form::Message;
use sambung_testkit::seed::Seed;
use serde_json::{Map, Value as Json, json};

use crate::people;

/// Changes of each record: its birth, and what was learned of the person in the years after.
pub(crate) const CHANGES: usize = 9;

/// What the clock of the device that writes says.
const TIME_S: i64 = 1_790_000_000;

/// One write: a field, or an entry of a set behind a stroke.
type Write = (String, Json);

/// A record as the device that made it holds it.
pub(crate) struct Made {
    pub(crate) id: RecordId,
    pub(crate) document: Document,
    /// Its changes, in order.
    pub(crate) chunks: Vec<Vec<u8>>,
}

/// Who writes.
#[derive(Clone, Copy)]
pub(crate) struct Writer {
    pub(crate) actor: Actor,
    pub(crate) staff: StaffId,
}

/// The record with a number: its id and what each of its changes writes.
pub(crate) fn record(number: usize) -> (RecordId, Vec<Vec<Write>>) {
    let mut seed = Seed::new(u64::try_from(number).unwrap_or(u64::MAX)).branch();
    let id = RecordId(seed.bytes());
    let mut changes = vec![birth(&mut seed, number)];
    changes.extend((1..CHANGES).map(|at| later(&mut seed, number, at)));
    (id, changes)
}

/// What somebody writes of a record later, while another office is offline.
pub(crate) fn afterwards(number: usize, round: usize) -> Vec<Write> {
    vec![("alamat".to_owned(), json!(format!("Jalan Uji Baru nomor {number}, sebelah barat {round}")))]
}

fn birth(seed: &mut Seed, number: usize) -> Vec<Write> {
    let (area, mut writes) = people::plain(seed, number);
    writes.extend([
        ("area".to_owned(), json!(area)),
        ("office".to_owned(), json!("P4MI-3513")),
        ("access".to_owned(), json!("ordinary")),
        ("schema".to_owned(), json!(1)),
        ("created_at".to_owned(), json!("2026-09-21T13:33:20Z")),
        (format!("telepon/{}", people::phone(number)), json!(true)),
    ]);
    writes
}

fn later(seed: &mut Seed, number: usize, at: usize) -> Vec<Write> {
    let text = |key: &str, value: String| (key.to_owned(), json!(value));
    match at {
        1 => vec![(format!("whatsapp/{}", people::phone(number)), json!(true))],
        2 => vec![(format!("nama_panggilan/{}", people::nickname(seed)), json!(true))],
        3 => vec![text("dusun", format!("Krajan {}", 401 + seed.below(400)))],
        4 => vec![text("rt", format!("{:02}", 13 + seed.below(6))), text("rw", "07".to_owned())],
        5 => vec![text("alamat", format!("Jalan Uji nomor {number}, belakang pasar {}", seed.below(90)))],
        6 => vec![
            (format!("telepon/{}", people::phone(number)), json!(false)),
            (format!("telepon/{}", people::phone(900_000 - number)), json!(true)),
        ],
        7 => vec![("tahun_lahir".to_owned(), json!(1945 + seed.below(25)))],
        _ => vec![text("dusun", format!("Krajan {}", 801 + seed.below(400)))],
    }
}

/// Writes the record with a number.
pub(crate) fn make(pack: &Pack, writer: Writer, number: usize) -> anyhow::Result<Made> {
    let (id, changes) = record(number);
    let genesis = Genesis { kind: "worker".to_owned(), record: id, generation: 1 };
    let mut document = Document::genesis(&genesis, &maps(pack))?;
    let mut chunks = Vec::new();
    for (at, writes) in changes.iter().enumerate() {
        chunks.push(edit(&mut document, writer, if at == 0 { "create" } else { "edit" }, writes)?);
    }
    Ok(Made { id, document, chunks })
}

/// Makes one change; gives its chunk.
pub(crate) fn edit(
    document: &mut Document,
    writer: Writer,
    command: &str,
    writes: &[Write],
) -> anyhow::Result<Vec<u8>> {
    let message = Message { command: command.to_owned(), reason: None, staff: writer.staff };
    let edits: Vec<Edit> = writes.iter().map(put).collect();
    let written = document.edit(writer.actor, TIME_S, &message.encode()?, &edits)?;
    written.map(|(_, chunk)| chunk).ok_or_else(|| anyhow::anyhow!("a change that changes nothing"))
}

/// The maps a worker is born with.
pub(crate) fn maps(pack: &Pack) -> Vec<&str> {
    pack.kind("worker").map(sambung_domain::pack::Kind::genesis_maps).unwrap_or_default()
}

fn put((path, value): &Write) -> Edit {
    let path = path.split('/').map(str::to_owned).collect();
    let value = match value {
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => Value::Int(number.as_i64().unwrap_or(0)),
        Json::Null | Json::String(_) | Json::Array(_) | Json::Object(_) => {
            Value::Text(value.as_str().unwrap_or_default().to_owned())
        }
    };
    Edit::Put { path, value }
}

/// The record with a number for other engines: its id and its changes, entries of sets as maps inside.
pub(crate) fn as_json(number: usize) -> Json {
    let (id, changes) = record(number);
    json!({ "id": id.to_string(), "changes": changes.iter().map(|writes| nested(writes)).collect::<Vec<_>>() })
}

fn nested(writes: &[Write]) -> Json {
    let mut root = Map::new();
    for (path, value) in writes {
        match path.split_once('/') {
            None => drop(root.insert(path.clone(), value.clone())),
            Some((set, entry)) => {
                let inside = root.entry(set).or_insert_with(|| json!({}));
                inside[entry] = value.clone();
            }
        }
    }
    Json::Object(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_nine_changes_and_is_the_same_every_time() {
        let pack = Pack::builtin().unwrap();
        let writer = Writer { actor: Actor::derive(&[1; 32], &[2; 16]), staff: RecordId([3; 16]) };
        for number in [0, 1, 77, 199_999] {
            let made = make(&pack, writer, number).unwrap();
            assert_eq!(made.chunks.len(), CHANGES);
            assert_eq!(made.chunks, make(&pack, writer, number).unwrap().chunks);
            assert_eq!(as_json(number)["changes"].as_array().unwrap().len(), CHANGES);
        }
        assert_ne!(record(1).0, record(2).0);
    }

    #[test]
    fn entries_of_sets_stand_inside_their_set() {
        let writes = [("rt".to_owned(), json!("01")), ("telepon/0800".to_owned(), json!(true))];
        assert_eq!(nested(&writes), json!({ "rt": "01", "telepon": { "0800": true } }));
    }
}
