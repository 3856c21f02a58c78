//! `invite`: a one-time code for a device.

use sambung_domain::Timestamp;
use sambung_sync::relay::{Invitation, RelayStore};
use sambung_trust::invitation::InvitationCode;
use serde::Serialize;

use super::CommandError;
use crate::cli::Invite;
use crate::data::DataDir;
use crate::keys::KeyFile;
use crate::store::{Pool, StoreError};
use crate::{clock, output};

/// Characters of a code read aloud at a time.
const GROUP: usize = 5;

#[derive(Serialize)]
struct Invited {
    code: String,
    url: String,
    expires: String,
}

pub(super) fn run(args: Invite) -> Result<(), CommandError> {
    #[cfg(feature = "sabotage")]
    let args = widened(args);
    let data = DataDir::at(&args.data.data);
    let pool = Pool::open(&data.database())?;
    let root = KeyFile::read(&data.keys())?.root();
    let code = InvitationCode::new(clock::random()?, &root);
    let expires = expiry(clock::now(), args.expires);
    let invitation = Invitation {
        hash: code.hash(),
        role: args.role,
        areas: args.area,
        sets: args.set,
        office: args.office,
        staff: args.staff,
        expires,
        used_by: None,
    };
    pool.write::<_, StoreError>(|store| store.put_invitation(&invitation))?;
    let invited = Invited { code: code.text(), url: args.url, expires: expires.to_string() };
    if args.json {
        output::json(&invited)?;
    } else {
        output::line(&format!(
            "code     {}\nurl      {}\nexpires  {}",
            in_groups(&invited.code),
            invited.url,
            invited.expires
        ))?;
    }
    Ok(())
}

/// Sabotage of `neighbour_absent`: a village is invited for the whole province.
#[cfg(feature = "sabotage")]
fn widened(mut args: Invite) -> Invite {
    let is_village = args.role == sambung_domain::Role::VillageOfficer;
    if is_village && std::env::var("SAMBUNG_SABOTAGE").is_ok_and(|promise| promise == "neighbour_absent") {
        args.area = "35".parse().into_iter().collect();
    }
    args
}

fn expiry(now: Timestamp, after: std::time::Duration) -> Timestamp {
    now.plus_ms(i64::try_from(after.as_millis()).unwrap_or(i64::MAX))
}

fn in_groups(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = characters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_groups_is_the_same_code() {
        let root = sambung_trust::PublicKey([9; 32]);
        let code = InvitationCode::new([1, 2, 3, 4, 5, 6, 7, 8], &root);
        let shown = in_groups(&code.text());
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5, 5, 1]);
        assert_eq!(InvitationCode::parse(&shown).unwrap().hash(), code.hash());
    }
}
