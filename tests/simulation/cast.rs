//! Who takes part: roles and places, and what each may hold.

pub(crate) const KRAKSAAN: &str = "P4MI-3513";
pub(crate) const LUMAJANG: &str = "P4MI-3508";
pub(crate) const VILLAGE: &str = "35.13.02.2004";
pub(crate) const NEXT_VILLAGE: &str = "35.13.05.2001";
pub(crate) const THERE: &str = "35.08.01.2001";

/// A device before it is enrolled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) role: &'static str,
    pub(crate) area: &'static str,
    pub(crate) office: Option<&'static str>,
    /// The places where it makes records.
    pub(crate) places: &'static [&'static str],
}

pub(crate) const CENTRE: usize = 0;
pub(crate) const KANTOR: usize = 1;
pub(crate) const KANTOR_LAIN: usize = 2;
pub(crate) const DESA: usize = 3;
/// All of them.
pub(crate) const EVERYBODY: [usize; 4] = [CENTRE, KANTOR, KANTOR_LAIN, DESA];

/// A centre, two offices in different kabupaten, a village of the first.
pub(crate) const CAST: [Part; 4] = [
    Part {
        name: "pusat",
        role: "central",
        area: "35",
        office: None,
        places: &[VILLAGE, NEXT_VILLAGE, THERE],
    },
    Part {
        name: "kraksaan",
        role: "complaint_officer",
        area: "35.13",
        office: Some(KRAKSAAN),
        places: &[VILLAGE, NEXT_VILLAGE],
    },
    Part {
        name: "lumajang",
        role: "complaint_officer",
        area: "35.08",
        office: Some(LUMAJANG),
        places: &[THERE],
    },
    Part { name: "desa", role: "village_officer", area: VILLAGE, office: Some(KRAKSAAN), places: &[VILLAGE] },
];

/// Which devices may hold a record that lies in `area` and may or may not be known in its village.
pub(crate) fn entitled(area: &str, village_may_know: bool) -> Vec<usize> {
    EVERYBODY
        .into_iter()
        .filter(|&device| area.starts_with(CAST[device].area))
        .filter(|&device| device != DESA || village_may_know)
        .collect()
}

#[test]
fn who_may_hold_what_is_as_the_table_of_rights_says() {
    assert_eq!(entitled(VILLAGE, true), [CENTRE, KANTOR, DESA]);
    assert_eq!(entitled(VILLAGE, false), [CENTRE, KANTOR]);
    assert_eq!(entitled(NEXT_VILLAGE, true), [CENTRE, KANTOR]);
    assert_eq!(entitled(THERE, true), [CENTRE, KANTOR_LAIN]);
}
