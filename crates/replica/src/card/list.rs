//! The list that says which status card belongs to which number.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use sambung_domain::RecordId;
use sambung_domain::identifier::{BadCard, CardNumber};
use sambung_domain::role::Action;

use super::allows;
use crate::identity::grant;
use crate::{Replica, ReplicaError};

/// Most rows of one list, and most cards that one device keeps the list of.
pub const CARD_LIST_MAX: usize = 200_000;
/// Most faults of a list that are named.
const FAULTS_MAX: usize = 100;

/// One row of a list as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRow {
    /// Its row in the file, counted from 1.
    pub row: u32,
    /// The number, as typed or printed.
    pub number: String,
    /// The id of the status card.
    pub card: String,
}

/// Why a row cannot be taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// It has no card number.
    #[error("{0}")]
    Number(BadCard),
    /// What stands beside the number is no id.
    #[error("the second column is not the id of a status card")]
    Card,
    /// The number is there with another status card, in this list or in what is known here.
    #[error("this number already belongs to another status card")]
    Other,
}

/// A row that cannot be taken in. It does not repeat what stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its row in the file.
    pub row: u32,
    /// Why.
    pub fault: RowFault,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CardImport {
    /// Cards that were not known here.
    pub added: usize,
    /// Cards that were.
    pub known: usize,
}

/// Why a list was not taken in. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CardListError {
    /// The device is not an office's.
    #[error(
        "lists of cards are for offices: this device is given no status cards, and a list on it would show which \
         reports they are of"
    )]
    NotAnOffice,
    /// The list is too long.
    #[error("there are more than {CARD_LIST_MAX} cards; that is the most one device keeps")]
    TooMany,
    /// Rows are bad: the first of them, and how many there are.
    #[error("{count} rows cannot be taken in")]
    Rows {
        /// The first of them.
        first: Vec<BadRow>,
        /// All of them.
        count: usize,
    },
    /// The replica.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

impl From<rusqlite::Error> for CardListError {
    fn from(error: rusqlite::Error) -> Self {
        ReplicaError::from(error).into()
    }
}

impl Replica {
    /// Takes in a list of cards: all of it or nothing.
    ///
    /// # Errors
    /// [`CardListError`].
    pub fn import_cards(&mut self, rows: &[CardRow]) -> Result<CardImport, CardListError> {
        self.may_keep_cards()?;
        if rows.len() > CARD_LIST_MAX {
            return Err(CardListError::TooMany);
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (cards, mut bad) = read(rows);
        let mut import = CardImport { added: 0, known: 0 };
        for (number, (row, card)) in &cards {
            match card_of(&transaction, *number)? {
                None => {
                    let sql = "INSERT INTO card_list VALUES (?1, ?2)";
                    transaction.prepare_cached(sql)?.execute((number.compact(), card.0))?;
                    import.added += 1;
                }
                Some(known) if known == *card => import.known += 1,
                Some(_) => bad.push(BadRow { row: *row, fault: RowFault::Other }),
            }
        }
        if !bad.is_empty() {
            bad.sort_by_key(|bad| bad.row);
            let count = bad.len();
            bad.truncate(FAULTS_MAX);
            return Err(CardListError::Rows { first: bad, count });
        }
        let kept: i64 = transaction.query_row("SELECT count(*) FROM card_list", [], |row| row.get(0))?;
        if usize::try_from(kept).unwrap_or(usize::MAX) > CARD_LIST_MAX {
            return Err(CardListError::TooMany);
        }
        transaction.commit()?;
        Ok(import)
    }

    /// Whether this device may keep lists of cards.
    ///
    /// # Errors
    /// [`CardListError::NotAnOffice`] where it may not.
    pub fn may_keep_cards(&self) -> Result<(), CardListError> {
        let (_, grant) = grant(&self.connection)?;
        if allows(&grant, Action::Read) { Ok(()) } else { Err(CardListError::NotAnOffice) }
    }

    /// Whether a card's number is in the list here.
    ///
    /// # Errors
    /// What the database says.
    pub fn knows_card(&self, number: CardNumber) -> Result<bool, ReplicaError> {
        Ok(card_of(&self.connection, number)?.is_some())
    }
}

/// The cards of a list, each once, and the rows that are none.
fn read(rows: &[CardRow]) -> (BTreeMap<CardNumber, (u32, RecordId)>, Vec<BadRow>) {
    let (mut cards, mut bad) = (BTreeMap::new(), Vec::new());
    for row in rows {
        let number = row.number.parse::<CardNumber>().map_err(RowFault::Number);
        let read = number.and_then(|number| {
            let card = row.card.trim().parse::<RecordId>().map_err(|_| RowFault::Card)?;
            Ok((number, card))
        });
        let fault = match read {
            Ok((number, card)) => {
                let (_, first) = *cards.entry(number).or_insert((row.row, card));
                (first != card).then_some(RowFault::Other)
            }
            Err(fault) => Some(fault),
        };
        bad.extend(fault.map(|fault| BadRow { row: row.row, fault }));
    }
    (cards, bad)
}

/// The status card that the list here has for a number.
pub(crate) fn card_of(connection: &Connection, number: CardNumber) -> Result<Option<RecordId>, ReplicaError> {
    let sql = "SELECT card FROM card_list WHERE number = ?1";
    let found = connection.prepare_cached(sql)?.query_row([number.compact()], |row| row.get(0)).optional()?;
    Ok(found.map(RecordId))
}
