//! Rules of the domain that need code and run at the command.

use sambung_domain::pack::{Kind, stage};
use sambung_domain::{Access, RecordId, Role};
use serde_json::{Map, Value as Json};

/// The kind of what was reported; sealed, it is opened by a person only.
pub(crate) const COMPLAINT: &str = "complaint";
/// A complaint's field with the number of the service card.
pub(crate) const CARD_NUMBER: &str = "nomor_kartu";
/// The kind of how complaints are handled.
pub(crate) const CASE: &str = "case";
/// A case's field that names its complaints.
pub(crate) const COMPLAINTS: &str = "pengaduan";
/// A case's field with its steps.
pub(crate) const STATUS: &str = "status";

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

/// The stages at which an episode of work abroad is over (codes of `tahap`).
const OVER: [&str; 3] = ["SELESAI", "GAGAL_BERANGKAT", "BATAL"];

/// Whether a record is of an episode that is over, by everybody's word: one open step keeps it open.
pub(crate) fn is_finished(kind: &str, content: &Map<String, Json>) -> bool {
    let steps = content.get("tahap").and_then(Json::as_object).filter(|_| kind == "placement");
    let codes = steps.map(stage::codes).unwrap_or_default();
    !codes.is_empty() && codes.iter().all(|code| OVER.contains(code))
}

/// The episode that a paper or a return belongs to.
pub(crate) fn episode(content: &Map<String, Json>) -> Option<RecordId> {
    content.get("placement")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Pack;
    use serde_json::json;

    #[test]
    fn an_episode_is_over_where_every_step_that_stands_says_so() {
        let over = |content: Json| is_finished("placement", content.as_object().unwrap());
        assert!(!over(json!({})));
        assert!(over(json!({"tahap": {"a": {"kode": "SELESAI"}}})));
        assert!(!over(json!({"tahap": {"a": {"kode": "BEKERJA"}}})));
        assert!(!over(json!({"tahap": {"a": {"kode": "SELESAI"}, "b": {"kode": "PERPANJANG"}}})));
        let other = json!({"tahap": {"a": {"kode": "SELESAI"}}});
        assert!(!is_finished("opp_session", other.as_object().unwrap()));
    }

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
