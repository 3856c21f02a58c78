//! Sets over the real programs: who is served what, wherever somebody lives.

use serde_json::json;

use crate::harness::{Deployment, Office};

fn sync(office: &Office) {
    let ended = office.try_sync();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn a_woman_of_jember_at_the_probolinggo_office_is_served_there() {
    let deployment = Deployment::start();
    let one = deployment.desk("Kraksaan", ("front_office", "35.13", "P4MI-3513"));
    let two = deployment.desk("Kraksaan-2", ("front_office", "35.13", "P4MI-3513"));
    let other = deployment.desk("Dinas", ("front_office", "35.13", "DISNAKER-3513"));
    let jember = deployment.office("Jember", "front_office", "35.09");
    assert_eq!(one.status()["sets"], json!(["a:35.13", "o:P4MI-3513", "a:00"]));
    let who = [("nama_lengkap", "Uji Siti Tamu"), ("area", "35.09.13.2001"), ("office", "P4MI-3513")];
    let id = one.create(&who);
    for office in [&one, &two, &other, &jember] {
        sync(office);
    }
    assert_eq!(two.show(&id)["fields"]["nama_lengkap"], "Uji Siti Tamu");
    assert_eq!(jember.show(&id)["fields"]["office"], "P4MI-3513");
    assert_eq!(other.run(&["record", "show", &id]).code, Some(1), "another office of the same town");
    two.edit(&id, &[("rt", "3")]);
    sync(&two);
    sync(&one);
    assert_eq!(one.show(&id)["fields"]["rt"], "3");

    // A partner is given the whole history, and keeps nothing once it is one no more.
    let partner = ["record", "edit", &id, "--add", "partners=DISNAKER-3513"];
    assert_eq!(one.run(&partner).code, Some(0));
    sync(&one);
    sync(&other);
    assert_eq!(other.show(&id)["changes"], 3);
    assert_eq!(one.run(&["record", "edit", &id, "--remove", "partners=DISNAKER-3513"]).code, Some(0));
    sync(&one);
    sync(&other);
    assert_eq!((&other.status()["records"], &other.status()["leaving"]), (&json!(0), &json!(0)));
    let verified = deployment.command("verify").output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}
