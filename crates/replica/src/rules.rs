//! Rules of the domain that need code and run at the command.

use sambung_domain::pack::Kind;
use sambung_domain::{Access, Role};

/// The field with which a person says whether the village officer may know of her.
pub(crate) const VILLAGE_MAY_KNOW: &str = "boleh_diketahui_desa";

/// The access of a record, from what the person answered: no means protected. Where no answer was given a
/// village or field officer, who sits in front of the person, records as usual; at an office no answer means
/// no.
pub(crate) fn access_of(kind: &Kind, role: Role, answer: Option<bool>) -> Access {
    if kind.field(VILLAGE_MAY_KNOW).is_none() {
        return kind.access;
    }
    let asked_at_the_door = matches!(role, Role::VillageOfficer | Role::FieldOfficer);
    if answer.unwrap_or(asked_at_the_door) { kind.access } else { kind.access.max(Access::Restricted) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Pack;

    #[test]
    fn no_answer_means_no_at_an_office_and_yes_at_the_door() {
        let pack = Pack::builtin().unwrap();
        let worker = pack.kind("worker").unwrap();
        let access = |role, answer| access_of(worker, role, answer);
        assert_eq!(access(Role::VillageOfficer, None), Access::Ordinary);
        assert_eq!(access(Role::FrontOffice, None), Access::Restricted);
        assert_eq!(access(Role::FrontOffice, Some(true)), Access::Ordinary);
        assert_eq!(access(Role::VillageOfficer, Some(false)), Access::Restricted);
    }
}
