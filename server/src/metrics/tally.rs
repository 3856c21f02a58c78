//! What an exchange was about, read from its answer.

use sambung_sync::frame::AnswerFrame;
use sambung_sync::message::{Disposition, ExchangeResponse, Lane, PullAnswer, Want};

use super::{Metrics, count};
use crate::host::Failure;

impl Metrics {
    /// Counts an exchange with what its answer says.
    pub fn exchange(&self, answer: &Result<AnswerFrame, Failure>) {
        let response = match answer {
            // Our own answer is always readable.
            Ok(answer) => answer.peek::<ExchangeResponse>().ok(),
            Err(failure) => return count(&self.exchanges, "outcome", &failure.refusal().code, 1),
        };
        let Some(response) = response else { return };
        count(&self.exchanges, "outcome", outcome(&response), 1);
        for run in response.verdicts.iter().flatten() {
            let words = [
                ("disposition", disposition(run.verdict.disposition).to_owned()),
                ("lane", lane(run.verdict.lane).to_owned()),
            ];
            self.verdicts.get_or_create(&words).inc_by(run.count.into());
            count(&self.changes, "direction", "pushed", run.count.into());
        }
        count(&self.changes, "direction", "pulled", pulled(&response));
        if let Some(parcels) = &response.parcels {
            count(&self.parcels, "direction", "pulled", parcels.arrived.len().try_into().unwrap_or(0));
        }
    }

    /// Counts sealed items that a request brought.
    pub fn parcels_pushed(&self, number: usize) {
        count(&self.parcels, "direction", "pushed", number.try_into().unwrap_or(0));
    }
}

fn outcome(response: &ExchangeResponse) -> &'static str {
    match (response.want, response.closed) {
        (Some(Want::Grant), _) => "want_grant",
        (Some(Want::Scopes), _) => "want_scopes",
        (Some(Want::Orders), _) => "want_orders",
        (None, Some(_)) => "closed",
        (None, None) => "answered",
    }
}

/// Changes sent whole.
fn pulled(response: &ExchangeResponse) -> u64 {
    let answers = response.pulls.iter().flatten().map(|pull| &pull.answer);
    let changes = answers.map(|answer| match answer {
        PullAnswer::Delta { leaves, .. } => leaves.iter().map(|leaf| leaf.changes.len()).sum(),
        PullAnswer::Reconcile => 0,
    });
    u64::try_from(changes.sum::<usize>()).unwrap_or(u64::MAX)
}

fn disposition(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Stored => "stored",
        Disposition::Duplicate => "duplicate",
        Disposition::Held => "held",
        Disposition::Later => "later",
        Disposition::Refused => "refused",
    }
}

fn lane(lane: Lane) -> &'static str {
    match lane {
        Lane::Normal => "normal",
        Lane::Late => "late",
        Lane::Quarantined => "quarantined",
        Lane::Replaced => "replaced",
    }
}
