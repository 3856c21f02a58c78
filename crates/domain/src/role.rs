//! Roles and the letters of the role table.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What a member of staff is (`peran`). What a role may do is data: the pack's role table.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Role {
    /// `PETUGAS_DESA`
    #[n(0)]
    VillageOfficer,
    /// `PETUGAS_LAPANGAN`
    #[n(1)]
    FieldOfficer,
    /// `PETUGAS_LOKET`
    #[n(2)]
    FrontOffice,
    /// `PETUGAS_LAYANAN_PENGADUAN`
    #[n(3)]
    ComplaintOfficer,
    /// `PETUGAS_PENANGANAN`
    #[n(4)]
    CaseOfficer,
    /// `MEDIATOR`
    #[n(5)]
    Mediator,
    /// `VERIFIKATOR`
    #[n(6)]
    Verifier,
    /// `PENGELOLA_KELAS`
    #[n(7)]
    OppManager,
    /// `INSTRUKTUR_OPP`
    #[n(8)]
    OppInstructor,
    /// `KEPALA`
    #[n(9)]
    Head,
    /// `PUSAT`
    #[n(10)]
    Central,
    /// `ADMIN`
    #[n(11)]
    Admin,
    /// `AUDITOR`
    #[n(12)]
    Auditor,
    /// `PPDP`, the data-protection officer
    #[n(13)]
    Dpo,
}

impl Role {
    /// Every role with its name at the command line and its official code (peran).
    pub const ALL: [(Role, &'static str, &'static str); 14] = [
        (Role::VillageOfficer, "village_officer", "PETUGAS_DESA"),
        (Role::FieldOfficer, "field_officer", "PETUGAS_LAPANGAN"),
        (Role::FrontOffice, "front_office", "PETUGAS_LOKET"),
        (Role::ComplaintOfficer, "complaint_officer", "PETUGAS_LAYANAN_PENGADUAN"),
        (Role::CaseOfficer, "case_officer", "PETUGAS_PENANGANAN"),
        (Role::Mediator, "mediator", "MEDIATOR"),
        (Role::Verifier, "verifier", "VERIFIKATOR"),
        (Role::OppManager, "opp_manager", "PENGELOLA_KELAS"),
        (Role::OppInstructor, "opp_instructor", "INSTRUKTUR_OPP"),
        (Role::Head, "head", "KEPALA"),
        (Role::Central, "central", "PUSAT"),
        (Role::Admin, "admin", "ADMIN"),
        (Role::Auditor, "auditor", "AUDITOR"),
        (Role::Dpo, "dpo", "PPDP"),
    ];

    /// The role's name at the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Role::ALL.iter().find(|(role, _, _)| *role == self).map_or("", |(_, name, _)| name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a role; roles are {}", Role::ALL.map(|(_, name, _)| name).join(", "))]
pub struct UnknownRole {
    /// What was written.
    pub given: String,
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL
            .into_iter()
            .find(|(_, name, code)| *name == text || *code == text)
            .map(|(role, _, _)| role)
            .ok_or_else(|| UnknownRole { given: text.to_owned() })
    }
}

/// One thing a role may do to records of a kind: the letters of the role table.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[cbor(index_only)]
pub enum Action {
    /// C
    #[n(0)]
    Create,
    /// R
    #[n(1)]
    Read,
    /// E; includes transitions except for cases and OPP
    #[n(2)]
    Edit,
    /// T
    #[n(3)]
    Transition,
    /// A: approve, reassign
    #[n(4)]
    Approve,
    /// S: create sealed only
    #[n(5)]
    Seal,
    /// O: open sealed items
    #[n(6)]
    Open,
    /// G: the document gate
    #[n(7)]
    Gate,
}

impl Action {
    /// Every action with its letter.
    pub const ALL: [(Action, char); 8] = [
        (Action::Create, 'C'),
        (Action::Read, 'R'),
        (Action::Edit, 'E'),
        (Action::Transition, 'T'),
        (Action::Approve, 'A'),
        (Action::Seal, 'S'),
        (Action::Open, 'O'),
        (Action::Gate, 'G'),
    ];

    /// The letter of the role table.
    #[must_use]
    pub fn letter(self) -> Option<char> {
        Action::ALL.into_iter().find(|(known, _)| *known == self).map(|(_, letter)| letter)
    }

    /// The action behind a letter of the role table.
    #[must_use]
    pub fn from_letter(letter: char) -> Option<Self> {
        Action::ALL.into_iter().find(|(_, known)| *known == letter).map(|(action, _)| action)
    }
}

/// What a role may do to where a record belongs, beyond editing what it says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum RoutingRight {
    /// Change its area or office, or offer it to another office.
    #[n(0)]
    Move,
    /// Lower its access.
    #[n(1)]
    Lower,
    /// Exclude an office or a person from it, take an exclusion back, or make it secret.
    #[n(2)]
    Hide,
}

impl RoutingRight {
    /// Every right.
    pub const ALL: [RoutingRight; 3] = [RoutingRight::Move, RoutingRight::Lower, RoutingRight::Hide];

    /// The name in the role table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            RoutingRight::Move => "move",
            RoutingRight::Lower => "lower",
            RoutingRight::Hide => "hide",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_parse_by_name_and_by_official_code() {
        for (role, name, code) in Role::ALL {
            assert_eq!(name.parse::<Role>(), Ok(role));
            assert_eq!(code.parse::<Role>(), Ok(role));
            assert_eq!(role.to_string(), name);
        }
        assert!("boss".parse::<Role>().is_err());
    }
}
