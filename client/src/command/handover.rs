//! `sambung transfer …` and `sambung pindah`

use std::process::ExitCode;

use sambung_replica::command::{Answer, Command, Move, Offer};
use sambung_replica::offer::{Offered, Way};

use super::{Place, review};
use crate::cli::{Pindah, Transfer};
use crate::failure::Failure;
use crate::output;

/// Offers, answers offers, lists them.
pub(crate) fn transfer(place: &Place, arguments: Transfer) -> Result<ExitCode, Failure> {
    let (command, json) = match arguments {
        Transfer::Offer { id, to, keep, reason, json } => {
            (Command::Offer(Offer { id, to, area: None, keep, reason }), json)
        }
        Transfer::Accept { id, reason, json } => (Command::Accept(Answer { id, reason }), json),
        Transfer::Decline { id, reason, json } => {
            (Command::Decline(Answer { id, reason: Some(reason) }), json)
        }
        Transfer::List { json } => return list(place, json),
    };
    review::run(place, &command, json)
}

/// Moves somebody.
pub(crate) fn pindah(place: &Place, arguments: Pindah) -> Result<ExitCode, Failure> {
    let Pindah { id, to, office, reason, json } = arguments;
    review::run(place, &Command::Move(Move { id, to, office, reason }), json)
}

fn list(place: &Place, json: bool) -> Result<ExitCode, Failure> {
    let offers = place.node()?.replica.offers()?;
    if json {
        output::json(&offers);
    } else {
        offers.offers.iter().for_each(print);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(offer: &Offered) {
    let way = match offer.way {
        Way::ToUs => "ditawarkan ke sini",
        Way::ByUs => "kami tawarkan",
        Way::Others => "antar kantor lain",
    };
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    output::line(&format!(
        "{way}\t{}\t{}\t{}\t{} → {}\t{}\t{}",
        offer.id,
        offer.kind,
        or_dash(offer.name.as_deref()),
        or_dash(offer.from.as_deref()),
        offer.to,
        or_dash(offer.area.as_ref().map(sambung_domain::Area::as_str)),
        or_dash(offer.since.as_deref())
    ));
}
