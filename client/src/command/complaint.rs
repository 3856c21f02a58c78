//! `sambung complaint …`

use std::process::ExitCode;

use sambung_replica::command::Create;
use sambung_replica::parcel::{ArrivedItem, OpenComplaint, Opened, Seal, Sealed};
use serde_json::Value as Json;

use super::Place;
use super::record::collect;
use crate::cli::Complaint;
use crate::failure::Failure;
use crate::output;

/// Runs one of the commands on sealed complaints.
pub(crate) fn run(place: &Place, command: Complaint) -> Result<ExitCode, Failure> {
    match command {
        Complaint::Seal { card, to, draft, fields, json } => {
            let mut fields = collect(fields)?;
            if let Some(card) = card {
                fields.set.insert("nomor_kartu".to_owned(), Json::String(card));
            }
            let create = Create { kind: "complaint".to_owned(), of: None, fields };
            let seal = Seal { create, to, draft };
            print_sealed(&place.node()?.command(|replica, with| replica.seal(&seal, with))?, json);
        }
        Complaint::List { json } => print_list(&place.node()?.replica.unopened()?, json),
        Complaint::Open { item, case, json } => {
            let open = OpenComplaint { item, case };
            print_opened(&place.node()?.command(|replica, with| replica.open_complaint(&open, with))?, json);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says where a sealed item goes. Its name is all that is left of it here.
pub(super) fn print_sealed(sealed: &Sealed, json: bool) {
    if json {
        return output::json(sealed);
    }
    output::line(&sealed.item);
    match (&sealed.to, sealed.openers) {
        (_, 0) => output::message(
            "Tersegel. Belum ada kantor yang dapat membukanya; hanya pusat dengan kunci pemulihan. / \
             Sealed. No office can open it yet; only the centre can, with the recovery key.",
        ),
        (Some(office), _) => output::message(&format!(
            "Tersegel untuk {office}, tidak bisa dibuka lagi di sini. / Sealed for {office}; it cannot be opened here."
        )),
        (None, _) => output::message(
            "Tersegel untuk pusat, tidak bisa dibuka lagi di sini. / Sealed for the centre; it cannot be opened here.",
        ),
    }
}

fn print_list(items: &[ArrivedItem], json: bool) {
    if json {
        return output::json(&items);
    }
    for item in items {
        let ended = if item.sender_ended { "\tpengirim sudah dicabut / sender revoked" } else { "" };
        output::line(&format!("{}\t{}\t{}\t{}{ended}", item.item, item.kind, item.sealed_at, item.staff));
    }
}

fn print_opened(opened: &Opened, json: bool) {
    if json {
        return output::json(opened);
    }
    output::line(&format!("complaint {}", opened.complaint));
    output::line(&format!("case {}", opened.case));
    if opened.joined {
        output::message("Masuk ke kasus yang sudah ada. / It joined a case that was there.");
    }
}
