//! Lists given out: the records of a kind as rows of cells, in the columns that [`import`](crate::import) takes.

use sambung_domain::RecordId;
use sambung_domain::pack::{Field, FieldType, IdRule, Kind, stage};
use serde_json::{Map, Value as Json};

use crate::import::join;
use crate::query::{List, ListRow};
use crate::{Replica, ReplicaError, reference};

/// The columns before the fields, besides the record that a part belongs to.
const NAMING: [&str; 4] = ["id", "area", "office", "access"];

/// Some rows of a list given out.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportPage {
    /// The cells of each row, in the order of the columns; `null` where nothing is recorded.
    pub rows: Vec<Vec<Json>>,
    /// How many of the rows have values that differ; the one that is shown stands in the cell.
    pub differing: u64,
    /// The record to continue after; absent on the last page.
    pub next: Option<RecordId>,
}

impl Replica {
    /// The headings of the list of a kind.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for a kind that does not exist.
    pub fn export_columns(&self, kind: &str) -> Result<Vec<String>, ReplicaError> {
        let kind = self.kind(kind)?;
        let (id, routing) = NAMING.split_at(1);
        let names = id.iter().copied().chain(part_of(kind)).chain(routing.iter().copied());
        Ok(names.chain(kind.fields.iter().map(|field| field.key.as_str())).map(str::to_owned).collect())
    }

    /// The next rows: of the records that [`list`](Replica::list) gives, and as many.
    ///
    /// # Errors
    /// As [`list`](Replica::list).
    pub fn export_page(&self, list: &List) -> Result<ExportPage, ReplicaError> {
        let kind = self.kind(&list.kind)?;
        let page = self.list(list)?;
        let differing = page.rows.iter().filter(|row| row.conflicts > 0).count();
        let rows = page.rows.iter().map(|row| self.cells(kind, row)).collect::<Result<_, _>>()?;
        Ok(ExportPage { rows, differing: u64::try_from(differing).unwrap_or(u64::MAX), next: page.next })
    }

    fn cells(&self, kind: &Kind, row: &ListRow) -> Result<Vec<Json>, ReplicaError> {
        let text = |key: &str| row.fields.get(key).cloned().unwrap_or_default();
        let mut cells = vec![Json::from(row.id.to_string())];
        if part_of(kind).is_some() {
            cells.push(self.main_of(row.id)?.map_or(Json::Null, |id| Json::from(id.to_string())));
        }
        cells.extend(NAMING[1..].iter().map(|key| text(key)));
        cells.extend(kind.fields.iter().map(|field| cell(field, text(&field.key))));
        Ok(cells)
    }

    /// The record that a part belongs to, where it is here.
    fn main_of(&self, part: RecordId) -> Result<Option<RecordId>, ReplicaError> {
        let Some(number) = reference::main_of(&self.connection, part)? else { return Ok(None) };
        let sql = "SELECT id FROM record WHERE number = ?1";
        Ok(Some(RecordId(self.connection.prepare_cached(sql)?.query_row([number], |row| row.get(0))?)))
    }
}

/// The kind of record that one of this kind is a part of by its id.
fn part_of(kind: &Kind) -> Option<&str> {
    match &kind.id {
        IdRule::Sibling(of) => Some(of),
        IdRule::Random | IdRule::Keys(_) | IdRule::SealedItem | IdRule::Card => None,
    }
}

/// What is recorded in a field, as an import takes it; of a stage where it stands, which an import leaves alone.
fn cell(field: &Field, recorded: Json) -> Json {
    if let (FieldType::Stage, Json::Object(steps)) = (field.kind, &recorded) {
        let codes: Vec<&str> = stage::codes(steps).into_iter().collect();
        return Json::from(codes);
    }
    // A set or items without entries say nothing.
    if recorded.as_array().is_some_and(Vec::is_empty) || recorded.as_object().is_some_and(Map::is_empty) {
        return Json::Null;
    }
    let parts = recorded.as_str().filter(|_| field.kind.is_register_of_parts());
    match parts.map(serde_json::from_str::<Map<String, Json>>) {
        Some(Ok(parts)) => Json::Object(parts),
        Some(Err(_)) | None => recorded,
    }
}

/// A cell as one text: entries of a set with `|` between them, parts and items as a JSON object, `ya` or `tidak`.
#[must_use]
pub fn as_text(cell: &Json) -> String {
    match cell {
        Json::Null => String::new(),
        Json::Bool(true) => "ya".to_owned(),
        Json::Bool(false) => "tidak".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.clone(),
        Json::Array(entries) if entries.iter().all(Json::is_string) => {
            join(entries.iter().filter_map(Json::as_str))
        }
        Json::Array(_) | Json::Object(_) => cell.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Pack;
    use serde_json::json;

    #[test]
    fn a_cell_is_what_an_import_reads() {
        let pack = Pack::builtin().unwrap();
        let case = pack.kind("case").unwrap();
        let of = |key: &str, recorded: Json| as_text(&cell(case.field(key).unwrap(), recorded));
        assert_eq!(of("status", json!({ "a": { "kode": "BARU" } })), "BARU");
        assert_eq!(of("prioritas", json!(r#"{"tingkat":"TINGGI"}"#)), r#"{"tingkat":"TINGGI"}"#);
        assert_eq!(of("klarifikasi", json!({ "x1": { "ke": 1 } })), r#"{"x1":{"ke":1}}"#);
        assert_eq!([of("klarifikasi", json!({})), of("tanda_tppo", json!([]))], ["", ""]);
        assert_eq!(as_text(&json!(["a|b", "c\\"])), "a\\|b|c\\\\");
        assert_eq!(["", "ya", "7"], [json!(null), json!(true), json!(7)].map(|cell| as_text(&cell)));
    }
}
