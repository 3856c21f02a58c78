//! What of a record search looks into, and the rows that hold it.

use rusqlite::{Connection, OptionalExtension};
use sambung_domain::Pack;
use sambung_domain::pack::{Harm, IdRule, Kind};
use serde_json::{Map, Value as Json};

use super::fold::fold_field;
use crate::ReplicaError;
use crate::command::is_withdrawn;
use crate::leaves::leaves;

/// Most characters of one column: a record with more is found by what stands first.
const COLUMN_MAX: usize = 4_096;

/// Pages of an index written in one step of a merge: some 2 MiB, so that a save beside it waits for a moment only.
const MERGE_PAGES: i64 = 500;

/// The searchable texts of a record, as both indexes hold them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Terms {
    /// The kind of the record that a hit leads to.
    kind: String,
    /// Names.
    title: String,
    /// Other texts.
    text: String,
    /// Numbers.
    number: String,
    /// Where the record lies.
    place: String,
}

impl Terms {
    /// What search looks into; none for a kind unknown here, or a record without any such text.
    pub(crate) fn of(pack: &Pack, kind: &str, content: &Map<String, Json>) -> Option<Terms> {
        let kind = pack.kind(kind)?;
        if is_withdrawn(content) {
            return None;
        }
        let mut terms = Terms::default();
        leaves(kind, content, &mut |field, text| {
            if !field.searchable {
                return;
            }
            let column = match (field.number(), field.harm) {
                (Some(_), _) => &mut terms.number,
                (None, Harm::Identity) => &mut terms.title,
                (None, _) => &mut terms.text,
            };
            add(column, &fold_field(field, text));
        });
        if terms == Terms::default() {
            return None;
        }
        terms.kind = kind_term(subject(kind));
        terms.place = content.get("area").and_then(Json::as_str).map(place_term).unwrap_or_default();
        Some(terms)
    }

    /// Writes the rows of a record, where they are not there already.
    pub(crate) fn write(
        terms: Option<&Terms>,
        connection: &Connection,
        record: i64,
    ) -> Result<(), ReplicaError> {
        for table in TABLES {
            let before = table.stored(connection, record)?;
            let now = terms.map(|terms| table.columns(terms));
            if before.as_deref() == now.as_deref() {
                continue;
            }
            if before.is_some() {
                let sql = format!("DELETE FROM {} WHERE rowid = ?1", table.name);
                connection.prepare_cached(&sql)?.execute([record])?;
            }
            if let Some(now) = now {
                let places = ", ?".repeat(now.len());
                let sql = format!("INSERT INTO {} (rowid, {}) VALUES (?{places})", table.name, table.columns);
                let number = rusqlite::types::Value::from(record);
                let texts = now.into_iter().map(rusqlite::types::Value::from);
                let values = rusqlite::params_from_iter(std::iter::once(number).chain(texts));
                connection.prepare_cached(&sql)?.execute(values)?;
            }
        }
        Ok(())
    }

    /// Whether both tables hold exactly these terms for a record.
    pub(crate) fn stand(
        terms: Option<&Terms>,
        connection: &Connection,
        record: i64,
    ) -> Result<bool, ReplicaError> {
        for table in TABLES {
            if table.stored(connection, record)? != terms.map(|terms| table.columns(terms)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// One of the two indexes.
struct Table {
    name: &'static str,
    columns: &'static str,
    with_place: bool,
}

/// Both indexes. Where a record lies is a word, and no piece of one.
const TABLES: [Table; 2] = [
    Table { name: "search_word", columns: "kind, title, text, number, place", with_place: true },
    Table { name: "search_part", columns: "kind, title, text, number", with_place: false },
];

impl Table {
    fn columns(&self, terms: &Terms) -> Vec<String> {
        let mut all = vec![terms.kind.clone(), terms.title.clone(), terms.text.clone(), terms.number.clone()];
        all.extend(self.with_place.then(|| terms.place.clone()));
        all
    }

    fn stored(&self, connection: &Connection, record: i64) -> Result<Option<Vec<String>>, ReplicaError> {
        let sql = format!("SELECT {} FROM {} WHERE rowid = ?1", self.columns, self.name);
        let count = self.columns.split(',').count();
        let read = |row: &rusqlite::Row<'_>| (0..count).map(|at| row.get(at)).collect();
        Ok(connection.prepare_cached(&sql)?.query_row([record], read).optional()?)
    }
}

/// Merges the pieces that the indexes grow in, step by step: afterwards a search looks into one, and nothing that was
/// deleted is in it. Outside of a transaction each step is one.
pub(crate) fn merge_pieces(connection: &Connection) -> Result<(), ReplicaError> {
    for table in TABLES {
        let step = |pages: i64| -> Result<u64, ReplicaError> {
            let before = connection.total_changes();
            let sql = format!("INSERT INTO {0} ({0}, rank) VALUES ('merge', ?1)", table.name);
            connection.prepare_cached(&sql)?.execute([pages])?;
            Ok(connection.total_changes() - before)
        };
        // A negative number begins with all pieces; a step that finds nothing to do counts as one change.
        step(-MERGE_PAGES)?;
        while step(MERGE_PAGES)? > 1 {}
    }
    Ok(())
}

/// The kind that a hit in a record of `kind` leads to: that of the record whose private part it is.
fn subject(kind: &Kind) -> &str {
    match &kind.id {
        IdRule::Sibling(main) => main,
        IdRule::Random | IdRule::Keys(_) | IdRule::SealedItem | IdRule::Card => &kind.name,
    }
}

/// A kind as one word of three letters, which costs both indexes one entry. A test sees that no two kinds share it.
pub(super) fn kind_term(kind: &str) -> String {
    let hash = blake3::hash(kind.as_bytes());
    hash.as_bytes()[..3].iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// An area as a word whose beginnings are the areas around it.
pub(super) fn place_term(area: &str) -> String {
    format!(":{}", area.replace('.', ""))
}

fn add(column: &mut String, text: &str) {
    if text.is_empty() || column.len() + text.len() >= COLUMN_MAX {
        return;
    }
    if !column.is_empty() {
        column.push(' ');
    }
    column.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn terms(kind: &str, content: Json) -> Option<Terms> {
        let Json::Object(content) = content else { panic!("no object") };
        Terms::of(&Pack::builtin().unwrap(), kind, &content)
    }

    #[test]
    fn names_numbers_and_places_are_told_apart() {
        let worker = terms(
            "worker",
            json!({ "nama_lengkap": "Uji Ma'ruf-Àdi", "nama_panggilan": ["Cak Uji"], "dusun": "Krajan II",
                    "telepon": ["+6280000000001"], "area": "35.13.02.2004", "kebutuhan": ["PELATIHAN"] }),
        );
        let expected = Terms {
            kind: kind_term("worker"),
            title: "uji maruf àdi cak uji".to_owned(),
            text: "krajan ii".to_owned(),
            number: "6280000000001".to_owned(),
            place: ":3513022004".to_owned(),
        };
        assert_eq!(worker, Some(expected));
    }

    #[test]
    fn a_private_part_leads_to_its_main_record_and_what_has_no_text_is_left_out() {
        let private =
            terms("worker_private", json!({ "nik": "3513 0200 0000 0001", "area": "35.13" })).unwrap();
        assert_eq!((private.kind, private.number.as_str()), (kind_term("worker"), "3513020000000001"));
        assert_eq!(terms("worker", json!({ "area": "35.13", "tahun_lahir": 1990 })), None);
        assert_eq!(terms("unknown", json!({ "nama_lengkap": "Uji" })), None);
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        let pack = Pack::builtin().unwrap();
        let words: std::collections::BTreeSet<String> =
            pack.kinds.keys().map(|kind| kind_term(kind)).collect();
        assert_eq!(words.len(), pack.kinds.len());
    }

    #[test]
    fn a_column_is_bounded() {
        let entries: Vec<String> = (0..1_000).map(|at| format!("Uji {at:04}")).collect();
        let worker = terms("worker", json!({ "nama_panggilan": entries })).unwrap();
        assert!(worker.title.len() < COLUMN_MAX && worker.title.len() > COLUMN_MAX - 20);
    }
}
