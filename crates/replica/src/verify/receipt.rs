//! Receipts and cursors: the relay's signature, and that what is called stored or settled rests on one of them.

use sambung_trust::certificate::Purpose;
use sambung_trust::{Receipt, Signed};

use super::Verifier;
use crate::ReplicaError;

impl Verifier<'_> {
    /// Every receipt.
    pub(super) fn receipts(&mut self) -> Result<(), ReplicaError> {
        let sql = "SELECT number FROM receipt WHERE number > ?1 AND leaves IS NULL ORDER BY number LIMIT ?2";
        self.each(sql, |verifier, number| {
            verifier.verified.receipts += 1;
            verifier.receipt(number)
        })
    }

    fn receipt(&mut self, number: i64) -> Result<(), ReplicaError> {
        let signed: Vec<u8> = self
            .connection
            .prepare_cached("SELECT signed FROM receipt WHERE number = ?1")?
            .query_row([number], |row| row.get(0))?;
        let receipt = minicbor::decode::<Signed>(&signed).ok().and_then(|signed| {
            let claimed: Receipt = signed.peek().ok()?;
            let relay = self.identity.key_for(Purpose::Relay, claimed.relay_time).ok()?;
            signed.open::<Receipt>(&relay).ok()
        });
        let Some(receipt) = receipt else {
            self.found("receipt_signature", None, format!("receipt {number} is not the relay's"));
            return Ok(());
        };
        let others: u64 = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM change AS c LEFT JOIN batch AS b ON b.number = c.batch
                 WHERE c.receipt = ?1 AND b.root IS NOT ?2",
            )?
            .query_row((number, receipt.root.0), |row| row.get(0))?;
        if others > 0 {
            let detail = format!("{others} changes count as stored by receipt {number}, which is for others");
            self.found("receipt_changes", None, detail);
        }
        self.ranges(number, &receipt)
    }

    /// The places noted of a receipt are those it names, and a cursor at the same place saw the same log.
    fn ranges(&mut self, number: i64, receipt: &Receipt) -> Result<(), ReplicaError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT shard, first, last, chain FROM receipt_range WHERE receipt = ?1")?;
        let mut rows = statement.query([number])?;
        let mut wrong = 0;
        while let Some(row) = rows.next()? {
            let (shard, from, to): (String, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let chain: [u8; 32] = row.get(3)?;
            let is_named = receipt.ranges.iter().any(|range| {
                range.shard.as_str() == shard && range.from == from && range.to == to && range.chain == chain
            });
            let sql = "SELECT EXISTS (SELECT 1 FROM scope
                       WHERE shard = ?1 AND sequence = ?2 AND log = ?3 AND chain <> ?4)";
            let contradicted: bool = self
                .connection
                .prepare_cached(sql)?
                .query_row((&shard, to, receipt.log, chain), |row| row.get(0))?;
            wrong += u32::from(!is_named || contradicted);
        }
        drop(rows);
        drop(statement);
        if wrong > 0 {
            self.found("receipt_range", None, format!("receipt {number}: {wrong} places contradict it"));
        }
        Ok(())
    }

    /// Nothing counts as settled beyond the cursors of its shard.
    pub(super) fn cursors(&mut self) -> Result<(), ReplicaError> {
        let sql = "SELECT c.shard, count(*) FROM change AS c
                   WHERE c.sequence IS NOT NULL AND c.sequence >
                         coalesce((SELECT max(sequence) FROM scope WHERE shard = c.shard), 0)
                   GROUP BY c.shard";
        let mut statement = self.connection.prepare_cached(sql)?;
        let beyond: Vec<(String, u64)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        drop(statement);
        for (shard, count) in beyond {
            self.found("cursor", None, format!("{shard}: {count} changes are settled beyond the cursor"));
        }
        Ok(())
    }
}
