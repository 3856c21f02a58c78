//! Comparing what is held here with what the relay says its sets add up to.

use rusqlite::Connection;
use sambung_sync::chain::Mark;
use sambung_sync::digest::sums_hash;
use sambung_sync::message::{ExchangeRequest, ExchangeResponse, PullAnswer, ScopeState};

use super::outgoing::scopes;
use crate::identity::{Identity, grant};
use crate::{ReplicaError, digest};

/// Whether both sides hold the same, by an answer that was just taken in this transaction. `None` where the answer
/// does not lead to the ends of the logs, or where another process has read on meanwhile: then the relay's sums are
/// those of another moment than ours.
pub(super) fn compare(
    connection: &Connection,
    identity: &Identity,
    request: &ExchangeRequest,
    response: &ExchangeResponse,
) -> Result<Option<bool>, ReplicaError> {
    if request.with_sums != Some(true)
        || response.want.is_some()
        || response.closed.is_some()
        || response.silent == Some(true)
    {
        return Ok(None);
    }
    if response.pulls.is_none() {
        // Nothing is asked and nothing sent: the hash over scopes and sums agreed. A lapsed lease is sent nothing.
        return Ok((response.more != Some(true)).then_some(true));
    }
    let Some(theirs) = response.sums else { return Ok(None) };
    let (_, grant) = grant(connection)?;
    if !stands_where_it_leads(&scopes(connection, &grant)?, request, response) {
        return Ok(None);
    }
    let ours = sums_hash(&digest::sums(connection, &identity.deployment, &grant)?);
    Ok(Some(ours == theirs))
}

/// Whether every cursor stands where the answer leads: where its page ended, or where it was asked from.
fn stands_where_it_leads(
    scopes: &[ScopeState],
    request: &ExchangeRequest,
    response: &ExchangeResponse,
) -> bool {
    let listed = request.scopes.as_deref().unwrap_or_default();
    let pulls = response.pulls.as_deref().unwrap_or_default();
    let led = |scope: &ScopeState| -> Option<Mark> {
        let page = pulls.iter().find(|pull| pull.shard == scope.shard && pull.set == scope.set);
        match page.map(|pull| &pull.answer) {
            Some(PullAnswer::Delta { to, .. }) => Some(*to),
            Some(PullAnswer::Reconcile) => None,
            None => listed.iter().find(|s| s.shard == scope.shard && s.set == scope.set).map(|s| s.cursor),
        }
    };
    scopes.iter().all(|scope| led(scope) == Some(scope.cursor))
}
