use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use sambung_domain::pack::{FieldType, Kind};

use super::column::Column;
use super::*;

/// An empty database with the indexes of the shipped pack.
fn database(pack: &Pack) -> Connection {
    let dir = tempfile::tempdir().unwrap();
    let key = crate::DatabaseKey([1; 32].into());
    let connection = crate::database::create(&dir.path().join("replica.db"), &key).unwrap();
    make_indexes(&connection, pack).unwrap();
    connection
}

/// How SQLite goes about a list, a line a step.
fn plans(
    connection: &Connection,
    kind: &Kind,
    pack: &Pack,
    filters: &[(&str, String)],
    sort: Option<&str>,
) -> Vec<String> {
    let filters: Vec<Filter> =
        filters.iter().map(|(key, text)| Filter::read(pack, kind, key, text).unwrap()).collect();
    let order = Order::read(kind, sort).unwrap();
    let select = Select::plan(connection, kind, &order, &filters).unwrap();
    let mut steps = Vec::new();
    let (first, after) = (order.behind(connection, kind, None).unwrap(), RecordId([1; 16]));
    for stretch in &first {
        let (sql, values) = select.statement(stretch, 51);
        steps.extend(explained(connection, &sql, values));
    }
    // Further pages begin where the last one ended and do not walk there.
    for stretch in [Sql::Null, Sql::from(1)].into_iter().flat_map(|value| order.stretches(value, after)) {
        let (sql, values) = select.statement(&stretch, 51);
        let further = explained(connection, &sql, values);
        assert!(!further.iter().any(|step| step.contains("SCAN projection")), "{sql}: {further:?}");
        steps.extend(further);
    }
    for filter in &filters {
        let named = filter.named.as_ref().unwrap();
        steps.extend(explained(connection, named, filter.values.clone()));
    }
    steps
}

fn explained(connection: &Connection, sql: &str, values: Vec<rusqlite::types::Value>) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let steps = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}

fn indexed(kind: &Kind) -> impl Iterator<Item = (&str, Column<'_>)> {
    let fields = kind.fields.iter().map(|field| field.key.as_str());
    let keys = fields.chain(["area", "office", "created_at"]);
    keys.map(|key| (key, Column::of(kind, key).unwrap())).filter(|(_, column)| column.index.is_some())
}

#[test]
fn every_indexed_field_of_the_pack_has_its_index() {
    let pack = Pack::builtin().unwrap();
    for kind in pack.kinds.values() {
        for field in kind.fields.iter().filter(|field| field.indexed) {
            assert!(Column::of(kind, &field.key).unwrap().index.is_some(), "{}.{}", kind.name, field.key);
        }
    }
}

#[test]
fn no_indexed_sort_looks_through_the_kind_or_sorts_it() {
    let pack = Pack::builtin().unwrap();
    let connection = database(&pack);
    for kind in pack.kinds.values() {
        for (key, column) in indexed(kind) {
            for sort in [key.to_owned(), format!("-{key}")] {
                for step in plans(&connection, kind, &pack, &[], Some(&sort)) {
                    assert!(!step.contains("TEMP B-TREE"), "{} {sort}: {step}", kind.name);
                    let of_rows = step.contains("projection");
                    let index = column.index.as_deref().unwrap();
                    assert!(!of_rows || step.contains(index), "{} {sort}: {step}", kind.name);
                }
            }
        }
    }
}

#[test]
fn no_indexed_filter_looks_through_the_kind() {
    let pack = Pack::builtin().unwrap();
    let connection = database(&pack);
    for kind in pack.kinds.values() {
        for (key, column) in indexed(kind) {
            for value in [String::new(), sample(&pack, &column)] {
                for sort in [None, Some("created_at")] {
                    for step in plans(&connection, kind, &pack, &[(key, value.clone())], sort) {
                        assert!(!step.contains("SCAN projection"), "{} {key}={value}: {step}", kind.name);
                    }
                }
            }
        }
    }
}

/// A value that the field takes.
fn sample(pack: &Pack, column: &Column<'_>) -> String {
    let Some(field) = column.field else { return "35.13".to_owned() };
    let field = if field.kind.is_register_of_parts() { &field.parts[0] } else { field };
    if let Some(list) = pack.code_list(field) {
        return list.codes[0].code.clone();
    }
    let samples = [
        (FieldType::Bool, "ya"),
        (FieldType::Int, "1990"),
        (FieldType::Date, "2026-01-08"),
        (FieldType::DateTime, "2026-01-08T09:30+07:00"),
        (FieldType::Staff, "00000000000000000000000000"),
        (FieldType::Record, "00000000000000000000000000"),
        (FieldType::Area, "35.13"),
    ];
    samples.iter().find(|(kind, _)| *kind == field.kind).map_or("UJI", |(_, text)| *text).to_owned()
}

#[test]
fn indexes_come_and_go_with_what_the_pack_says() {
    let mut pack = Pack::builtin().unwrap();
    let connection = database(&pack);
    let count = |connection: &Connection| -> usize {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name GLOB 'list_*'";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = count(&connection);
    assert_eq!(before, column::indexes(&pack).count());
    let worker = pack.kinds.get_mut("worker").unwrap();
    for field in &mut worker.fields {
        field.indexed = field.key == "alamat";
    }
    let gone =
        Pack::builtin().unwrap().kind("worker").unwrap().fields.iter().filter(|field| field.indexed).count();
    make_indexes(&connection, &pack).unwrap();
    assert_eq!(count(&connection), before - gone + 1);
}
