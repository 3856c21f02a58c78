//! Everything derived from documents, made anew: rows, search terms, references, indexes.

use rusqlite::{Connection, TransactionBehavior};
use sambung_domain::Pack;
use sambung_domain::pack::{Field, IdRule};
use sambung_sync::document::Document;

use crate::database::{SEARCH_TABLES, named, set_named};
use crate::loaded::{self, RecordRow};
use crate::projection::{self, project};
use crate::query::make_indexes;
use crate::search::merge_pieces;
use crate::{Replica, ReplicaError};

/// Name of the stored digest of what the derived tables were made for.
const SHAPE: &str = "derived shape";

/// Version of the code that derives: it grows when the same pack gives other rows.
const DERIVATION: u32 = 2;

impl Replica {
    /// Clears every derived table and fills it from the documents. What a record's changes add up to does not
    /// change; a record whose document cannot be read waits for a repair.
    ///
    /// # Errors
    /// What the database says; nothing has changed then.
    pub fn rebuild(&mut self) -> Result<u64, ReplicaError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let records = refill(&transaction, &self.pack)?;
        transaction.commit()?;
        Ok(records)
    }
}

/// Sees that the derived tables will be what this release and its pack make of the documents, if they are not: every
/// record is derived once more ([`Replica::derive`]). Until its turn its rows are those of before.
pub(crate) fn follow(connection: &mut Connection, pack: &Pack) -> Result<(), ReplicaError> {
    let shape = shape(pack);
    if named(connection, SHAPE)?.as_deref() == Some(&shape) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    make_indexes(&transaction, pack)?;
    transaction.execute(
        "INSERT OR IGNORE INTO underived SELECT number FROM record WHERE document IS NOT NULL",
        [],
    )?;
    set_named(&transaction, SHAPE, &shape)?;
    transaction.commit()?;
    Ok(())
}

fn refill(connection: &Connection, pack: &Pack) -> Result<u64, ReplicaError> {
    connection.execute_batch(
        "DROP TABLE search_word; DROP TABLE search_part;
         DELETE FROM reference; DELETE FROM sibling; DELETE FROM conflict;
         DELETE FROM trait; DELETE FROM pair; DELETE FROM projection;",
    )?;
    connection.execute_batch(SEARCH_TABLES)?;
    let mut records = 0;
    let mut after = 0;
    let next =
        "SELECT number FROM record WHERE number > ?1 AND document IS NOT NULL ORDER BY number LIMIT 500";
    loop {
        let page: Vec<i64> = connection
            .prepare_cached(next)?
            .query_map([after], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let Some(last) = page.last() else {
            merge_pieces(connection)?;
            return Ok(records);
        };
        after = *last;
        for number in page {
            let row = loaded::by_number(connection, number)?;
            if derived_again(connection, pack, &row)? {
                records += 1;
            } else {
                connection
                    .prepare_cached("INSERT OR IGNORE INTO underived VALUES (?1)")?
                    .execute([number])?;
            }
        }
    }
}

/// Writes what is derived of a record's saved document; `false` where that cannot be read.
fn derived_again(connection: &Connection, pack: &Pack, row: &RecordRow) -> Result<bool, ReplicaError> {
    let document = row.saved().map(Document::load);
    let Some(Ok(projection)) =
        document.map(|document| document.and_then(|document| project(pack, &row.kind, &document)))
    else {
        return Ok(false);
    };
    projection::derive(connection, pack, row, &projection)?;
    Ok(true)
}

/// A digest of everything in a pack that rows, terms, references and indexes depend on.
fn shape(pack: &Pack) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&DERIVATION.to_be_bytes());
    for kind in pack.kinds.values() {
        let main = if let IdRule::Sibling(main) = &kind.id { main.as_str() } else { "" };
        hasher.update(format!("\n{} {main}", kind.name).as_bytes());
        describe(&kind.fields, &mut hasher);
    }
    *hasher.finalize().as_bytes()
}

fn describe(fields: &[Field], hasher: &mut blake3::Hasher) {
    for field in fields {
        let text = format!(
            "\n{} {} {:?} {:?} {:?} {:?} {} {} (",
            field.key,
            field.kind.name(),
            field.of,
            field.number,
            field.harm,
            field.clash,
            field.indexed,
            field.searchable
        );
        hasher.update(text.as_bytes());
        describe(&field.parts, hasher);
        hasher.update(b")");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_change_nothing_and_what_is_looked_into_does() {
        let pack = Pack::builtin().unwrap();
        let mut relabelled = pack.clone();
        let mut searched = pack.clone();
        for (pack, is_searched) in [(&mut relabelled, false), (&mut searched, true)] {
            let field =
                pack.kinds.get_mut("worker").unwrap().fields.iter_mut().find(|field| field.key == "alamat");
            let field = field.unwrap();
            field.label.en.push('!');
            field.searchable = is_searched;
        }
        assert_eq!(shape(&pack), shape(&relabelled));
        assert_ne!(shape(&pack), shape(&searched));
    }
}
