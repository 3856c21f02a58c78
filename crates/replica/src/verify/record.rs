//! One record: its changes from the genesis on, its document, its projection.

use rusqlite::OptionalExtension;
use sambung_domain::RecordId;
use sambung_sync::document::Document;
use sambung_sync::form::History;
use sambung_sync::gate::gate;
use sambung_sync::{Actor, ChangeHash, chunk};
use sambung_trust::{BatchHeader, PublicKey, Signed};

use super::statement::Admitted;
use super::{Event, Verifier};
use crate::exchange::split_hashes;
use crate::loaded::{self, RecordRow, maps};
use crate::projection::{Projection, project};
use crate::{ReplicaError, projection};

/// A change as it lies in the database.
struct Stored {
    position: i64,
    hash: ChangeHash,
    chunk: Vec<u8>,
    nonce: [u8; 16],
    own: bool,
    leaf: Option<(i64, i64)>,
    admitted: Option<Admitted>,
}

/// What walking a record's changes gave.
struct Walked {
    /// Every change is what it should be.
    sound: bool,
    /// How many there are.
    changes: i64,
    /// The heads at the position of the document.
    heads: Vec<ChangeHash>,
}

impl Verifier<'_> {
    /// Every record.
    pub(super) fn records(&mut self) -> Result<(), ReplicaError> {
        let of: u64 = self.connection.query_row("SELECT count(*) FROM record", [], |row| row.get(0))?;
        let sql = "SELECT number FROM record WHERE number > ?1 ORDER BY number LIMIT ?2";
        self.each(sql, |verifier, number| {
            let row = loaded::by_number(verifier.connection, number)?;
            if let Err(error) = verifier.record(&row) {
                verifier.unreadable(Some(row.id), &error);
            }
            verifier.verified.records += 1;
            if verifier.verified.records.is_multiple_of(100) || verifier.verified.records == of {
                (verifier.watch)(Event::Progress { done: verifier.verified.records, of });
            }
            Ok(())
        })
    }

    fn record(&mut self, row: &RecordRow) -> Result<(), ReplicaError> {
        let walked = self.walk(row)?;
        let before = self.verified.findings;
        self.derivation(row, &walked)?;
        if self.verified.findings > before && walked.sound {
            self.rebuildable.push(row.number);
        }
        Ok(())
    }

    /// The changes in their order, each against its name, its form, its author and its leaf.
    fn walk(&mut self, row: &RecordRow) -> Result<Walked, ReplicaError> {
        let Ok(mut history) = History::begin(&row.genesis(), &maps(self.pack, &row.kind)) else {
            self.found("change_form", Some(row.id), "the record has no genesis that this release can make");
            return Ok(Walked { sound: false, changes: 0, heads: Vec::new() });
        };
        let before = self.verified.findings;
        let mut walked = Walked { sound: true, changes: 0, heads: history.heads() };
        let mut last = 0;
        while let Some(stored) = self.next_change(row.number, last)? {
            if stored.position != last + 1 {
                self.found("change_position", Some(row.id), format!("no change at position {}", last + 1));
            }
            last = stored.position;
            self.change((row.id, row.generation), &mut history, &stored)?;
            self.verified.changes += 1;
            walked.changes = last;
            if last == row.position {
                walked.heads = history.heads();
            }
        }
        walked.sound = self.verified.findings == before;
        Ok(walked)
    }

    fn next_change(&self, record: i64, after: i64) -> Result<Option<Stored>, ReplicaError> {
        let sql = "SELECT position, hash, chunk, nonce, own, batch, leaf, admission, admitted,
                          lane = 1 OR EXISTS (SELECT 1 FROM came_late WHERE hash = change.hash)
                   FROM change WHERE record = ?1 AND position > ?2 ORDER BY position LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Stored {
                position: row.get(0)?,
                hash: ChangeHash(row.get(1)?),
                chunk: row.get(2)?,
                nonce: row.get(3)?,
                own: row.get(4)?,
                leaf: row.get::<_, Option<i64>>(5)?.zip(row.get(6)?),
                admitted: match row.get(7)? {
                    Some(number) => Some(Admitted { number, at: row.get(8)?, late: row.get(9)? }),
                    None => None,
                },
            })
        };
        Ok(self.connection.prepare_cached(sql)?.query_row([record, after], read).optional()?)
    }

    fn change(
        &mut self,
        (id, generation): (RecordId, u32),
        history: &mut History,
        stored: &Stored,
    ) -> Result<(), ReplicaError> {
        let at = stored.position;
        if chunk::name(&stored.chunk) != stored.hash {
            self.found("change_hash", Some(id), format!("change {at} is not the one it is named after"));
        }
        match history.check(&stored.chunk).and_then(|change| history.admit(change)) {
            Ok(()) => {}
            Err(error) => self.found("change_form", Some(id), format!("change {at}: {error}")),
        }
        let author = match stored.leaf {
            _ if stored.own => Some(self.identity.device.public()),
            Some((batch, _)) => self.signer(batch)?,
            None => None,
        };
        let written_by = author.map(|author| Actor::derive(&author.0, &stored.nonce));
        if gate(&stored.chunk).ok().map(|gate| gate.actor) != written_by {
            self.found("change_author", Some(id), format!("change {at} was not written by who is named"));
        }
        if let Some((batch, leaf)) = stored.leaf
            && !self.under_leaf(batch, leaf, stored.hash)?
        {
            self.found("change_leaf", Some(id), format!("change {at} is not under its signed batch"));
        }
        if let Some(admitted) = &stored.admitted
            && !self.is_admitted((id, generation), &stored.hash.0, admitted)?
        {
            let detail = format!(
                "change {at} names statement {} of the relay, which is about others",
                admitted.number
            );
            self.found("receipt_changes", Some(id), detail);
        }
        Ok(())
    }

    fn signer(&self, batch: i64) -> Result<Option<PublicKey>, ReplicaError> {
        let sql = "SELECT signed FROM batch WHERE number = ?1";
        let signed: Option<Vec<u8>> =
            self.connection.prepare_cached(sql)?.query_row([batch], |row| row.get(0)).optional()?;
        let header = signed.and_then(|signed| {
            minicbor::decode::<Signed>(&signed).ok().and_then(|signed| signed.peek::<BatchHeader>().ok())
        });
        Ok(header.map(|header| header.device))
    }

    fn under_leaf(&self, batch: i64, leaf: i64, hash: ChangeHash) -> Result<bool, ReplicaError> {
        let sql = "SELECT hashes FROM leaf WHERE batch = ?1 AND leaf = ?2";
        let hashes: Option<Vec<u8>> =
            self.connection.prepare_cached(sql)?.query_row([batch, leaf], |row| row.get(0)).optional()?;
        Ok(hashes.is_some_and(|hashes| split_hashes(&hashes).contains(&hash)))
    }

    /// Document and projection against a rebuild.
    fn derivation(&mut self, row: &RecordRow, walked: &Walked) -> Result<(), ReplicaError> {
        let waits = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM underived WHERE record = ?1)")?
            .query_row([row.number], |row| row.get(0))?;
        if waits {
            self.found("underived", Some(row.id), "the document lags behind the changes");
        } else if row.position != walked.changes {
            self.found("document", Some(row.id), "the document lacks changes, and nothing says so");
        }
        if row.position == 0 && row.saved().is_none() {
            return Ok(());
        }
        let loaded = row.saved().map(Document::load);
        if !matches!(loaded, Some(Ok(document)) if document.heads() == walked.heads) {
            self.found("document", Some(row.id), "the document is not what its changes add up to");
        }
        if walked.sound {
            self.projection(row)?;
        }
        Ok(())
    }

    fn projection(&mut self, row: &RecordRow) -> Result<(), ReplicaError> {
        let chunks = row.chunks(self.connection, 0)?;
        let to = usize::try_from(row.position).unwrap_or(usize::MAX).min(chunks.len());
        let rebuilt =
            Document::genesis(&row.genesis(), &maps(self.pack, &row.kind)).and_then(|mut document| {
                let chunks: Vec<&[u8]> = chunks[..to].iter().map(Vec::as_slice).collect();
                document.apply(&chunks)?;
                project(self.pack, &row.kind, &document)
            });
        match rebuilt {
            Ok(rebuilt) => self.derived(row, &rebuilt)?,
            Err(error) => self.found("document", Some(row.id), error.to_string()),
        }
        Ok(())
    }
    /// What is derived from the projection against what ought to be.
    fn derived(&mut self, row: &RecordRow, rebuilt: &Projection) -> Result<(), ReplicaError> {
        let stored = projection::stored(self.connection, row)?;
        if stored.as_ref() != Some(&rebuilt.row(self.pack, &row.kind)) {
            self.found("projection", Some(row.id), "lists do not show the document");
        }
        if !projection::is_found(self.connection, self.pack, row, rebuilt)? {
            self.found("search", Some(row.id), "searches and person pages do not see the document");
        }
        Ok(())
    }
}
