//! The relay's statements on what its answers confirmed: its signature, and that each change stands where it is said to.

use sambung_domain::RecordId;
use sambung_trust::certificate::Purpose;
use sambung_trust::merkle::{self, Node};
use sambung_trust::{Admission, Signed, admission};

use super::Verifier;
use crate::ReplicaError;

/// The leaves of the statement looked at last: what came in one answer names one.
pub(super) type Last = Option<(i64, Vec<Node>)>;

/// A change with the relay's word on it.
pub(super) struct Admitted {
    /// The statement.
    pub(super) number: i64,
    /// The change's place under it.
    pub(super) at: usize,
    /// Whether it came late.
    pub(super) late: bool,
}

impl Verifier<'_> {
    /// Every statement: it is the relay's, about the leaves kept with it, and what rests on it alone is among them.
    pub(super) fn statements(&mut self) -> Result<(), ReplicaError> {
        let sql =
            "SELECT number FROM receipt WHERE number > ?1 AND leaves IS NOT NULL ORDER BY number LIMIT ?2";
        self.each(sql, Verifier::statement)
    }

    fn statement(&mut self, number: i64) -> Result<(), ReplicaError> {
        let signed: Vec<u8> = self
            .connection
            .prepare_cached("SELECT signed FROM receipt WHERE number = ?1")?
            .query_row([number], |row| row.get(0))?;
        let said = minicbor::decode::<Signed>(&signed).ok().and_then(|signed| {
            let claimed: Admission = signed.peek().ok()?;
            let relay = self.identity.key_for(Purpose::Relay, claimed.relay_time).ok()?;
            signed.open::<Admission>(&relay).ok()
        });
        let leaves = self.leaves(number)?;
        if said.is_none_or(|said| said.root != merkle::root(leaves)) {
            self.found("receipt_signature", None, format!("statement {number} is not the relay's"));
            return Ok(());
        }
        let sql =
            "SELECT id, generation, hash, lane = 1 OR EXISTS (SELECT 1 FROM came_late WHERE hash = c.hash)
                   FROM change AS c JOIN record AS r ON r.number = c.record WHERE receipt = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([number])?;
        let mut others = 0;
        while let Some(row) = rows.next()? {
            let hash: [u8; 32] = row.get(2)?;
            let name = (RecordId(row.get(0)?), row.get(1)?);
            let leaf = admission::leaf(&self.identity.deployment, name, &hash, row.get(3)?);
            others += u32::from(!self.leaves(number)?.contains(&leaf));
        }
        drop(rows);
        drop(statement);
        if others > 0 {
            let detail =
                format!("{others} changes count as stored by statement {number}, which is about others");
            self.found("receipt_changes", None, detail);
        }
        Ok(())
    }

    /// Whether a change is the one that a statement speaks of at its place.
    pub(super) fn is_admitted(
        &mut self,
        name: (RecordId, u32),
        hash: &[u8; 32],
        admitted: &Admitted,
    ) -> Result<bool, ReplicaError> {
        let leaf = admission::leaf(&self.identity.deployment, name, hash, admitted.late);
        Ok(self.leaves(admitted.number)?.get(admitted.at) == Some(&leaf))
    }

    fn leaves(&mut self, number: i64) -> Result<&[Node], ReplicaError> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != number) {
            let bytes: Vec<u8> = self
                .connection
                .prepare_cached("SELECT coalesce(leaves, x'') FROM receipt WHERE number = ?1")?
                .query_row([number], |row| row.get(0))?;
            let leaves = bytes.as_chunks::<32>().0.iter().copied().map(Node).collect();
            self.last = Some((number, leaves));
        }
        Ok(self.last.as_ref().map_or(&[], |(_, leaves)| leaves))
    }
}
