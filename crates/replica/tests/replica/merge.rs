//! Whatever three offices do in whatever order, once they have exchanged they hold the same.

use proptest::prelude::*;
use sambung_domain::RecordId;
use sambung_replica::command::{Command, Resolve, Undo};
use sambung_replica::conflict::{Conflict, ConflictList};

use crate::site::{Office, Site};

/// One thing an office does.
#[derive(Debug, Clone)]
enum Deed {
    Create(usize),
    Edit {
        office: usize,
        record: usize,
        field: usize,
        value: u8,
    },
    /// The first open question is decided, or the last decision taken back.
    Decide {
        office: usize,
        undo: bool,
    },
    Sync(usize),
    /// The answer of a push gets lost.
    LostAnswer(usize),
}

/// Registers, sets and the answer that moves the record's protection.
const FIELDS: [&str; 7] = ["rt", "rw", "dusun", "alamat", "tahun_lahir", "+telepon", "boleh_diketahui_desa"];

fn deed() -> impl Strategy<Value = Deed> {
    let office = 0..3usize;
    prop_oneof![
        1 => office.clone().prop_map(Deed::Create),
        6 => (office.clone(), 0..4usize, 0..FIELDS.len(), 0..4u8)
            .prop_map(|(office, record, field, value)| Deed::Edit { office, record, field, value }),
        1 => (office.clone(), any::<bool>()).prop_map(|(office, undo)| Deed::Decide { office, undo }),
        3 => office.clone().prop_map(Deed::Sync),
        1 => office.prop_map(Deed::LostAnswer),
    ]
}

fn carry_out(site: &Site, offices: &mut [Office], records: &mut Vec<RecordId>, deed: &Deed) {
    match deed {
        Deed::Create(office) => records.push(offices[*office].create(&[("nama_lengkap", "Contoh")]).unwrap()),
        Deed::Edit { office, record, field, value } => {
            let known: Vec<RecordId> =
                records.iter().copied().filter(|id| offices[*office].replica.show(*id).is_ok()).collect();
            if let Some(id) = known.get(record % known.len().max(1)) {
                let value = if FIELDS[*field] == "boleh_diketahui_desa" {
                    ["ya", "tidak"][usize::from(value % 2)].to_owned()
                } else {
                    value.to_string()
                };
                offices[*office].edit(*id, &[(FIELDS[*field], value.as_str())]).unwrap();
            }
        }
        Deed::Decide { office, undo } => decide(&mut offices[*office], *undo),
        Deed::Sync(office) => drop(offices[*office].sync(site)),
        Deed::LostAnswer(office) => {
            let office = &mut offices[*office];
            let request = office.session().request(&mut office.replica, sambung_relay::clock::now()).unwrap();
            site.answer(&request);
        }
    }
}

fn decide(office: &mut Office, undo: bool) {
    let reason = "uji".to_owned();
    let command = if undo {
        let decided = office.replica.decided(None, None, 0).unwrap().decided;
        let Some(last) = decided.into_iter().find(|decided| decided.stands) else { return };
        Command::Undo(Undo { id: last.id, field: last.field, reason })
    } else {
        let open = office.replica.conflicts(&ConflictList::default()).unwrap().conflicts;
        let Some(first) = open.into_iter().next() else { return };
        let Conflict { id, field, .. } = first;
        Command::Resolve(Resolve { id, field, choose: Some(1), value: None, reason, seen: Vec::new() })
    };
    office.with(|replica, with| replica.run(&command, with)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn offices_that_have_exchanged_hold_the_same(deeds in prop::collection::vec(deed(), 10..60)) {
        let site = Site::start();
        let mut offices: Vec<Office> = ["a", "b", "c"].map(|name| site.office(name, &["35.13"])).into();
        let mut records = Vec::new();
        for deed in &deeds {
            carry_out(&site, &mut offices, &mut records, deed);
        }
        for _ in 0..2 {
            for office in &mut offices {
                office.sync(&site);
            }
        }
        let open = |office: &Office| office.replica.conflicts(&ConflictList::default()).unwrap();
        let questions = |office: &Office| {
            let mut all: Vec<_> = open(office).conflicts.into_iter().map(|one| (one.id, one.field, one.reopened)).collect();
            all.sort();
            all
        };
        for office in &offices[1..] {
            prop_assert_eq!(questions(office), questions(&offices[0]));
        }
        for id in records {
            let views: Vec<_> = offices.iter().map(|office| office.show(id)).collect();
            for view in &views[1..] {
                prop_assert_eq!(&view.fields, &views[0].fields);
                prop_assert_eq!(&view.heads, &views[0].heads);
                prop_assert_eq!(&view.conflicts, &views[0].conflicts);
            }
            prop_assert_eq!(views[0].settled, views[0].changes);
        }
        prop_assert!(offices.iter().all(|office| office.waiting() == 0));
    }
}
