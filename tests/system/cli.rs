//! What scripts and people rely on: exit codes, error codes, the shape of `--json`, and that no failure loses
//! what was saved.

mod queries;
mod shape;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use sambung_trust::invitation::InvitationCode;

use crate::harness::{Deployment, Ended, Office, hello, message, random};

/// An exit code with the error code printed beside it.
fn told(ended: &Ended) -> (i32, &str) {
    (ended.code.unwrap_or_else(|| panic!("{ended:?}")), ended.error_code())
}

/// An office with one record that waits.
fn with_work(deployment: &Deployment) -> (Office, String) {
    let office = deployment.office("Kraksaan", "front_office", "35.13,35.08");
    let id = office.create(&[("nama_lengkap", "Siti Uji 001")]);
    (office, id)
}

/// The record is whole and waits to be sent.
fn nothing_is_lost(office: &Office, id: &str) {
    let shown = office.show(id);
    assert_eq!(
        (shown["fields"]["nama_lengkap"].as_str(), shown["state"].as_str()),
        (Some("Siti Uji 001"), Some("here"))
    );
    assert_eq!(office.status()["waiting"], 1);
}

#[test]
fn a_code_that_does_not_enrol_leaves_the_directory_as_it_was() {
    let deployment = Deployment::start();
    let used = deployment.invite("front_office", "35.13");
    assert_eq!(deployment.newcomer("Pertama").enrol(&deployment.url(), &used).code, Some(0));
    let unknown = InvitationCode::new(random(), &hello(deployment.address()).root).text();
    let other = Deployment::start();
    let newcomer = deployment.newcomer("Kedua");
    for (code, expected) in [
        (used.as_str(), "invite_invalid"),
        (&unknown, "invite_invalid"),
        ("salah", "invite_invalid"),
        (&other.invite("front_office", "35.13"), "relay_unknown"),
    ] {
        assert_eq!(told(&newcomer.enrol(&deployment.url(), code)), (3, expected), "{code}");
        assert_eq!(newcomer.dir().read_dir().unwrap().count(), 0);
    }
    let good = deployment.invite("front_office", "35.13");
    assert_eq!(newcomer.enrol(&deployment.url(), &good).code, Some(0));
}

#[test]
fn a_directory_in_use_is_refused_and_left_alone() {
    let deployment = Deployment::start();
    let (office, id) = with_work(&deployment);
    let again = office.enrol(&deployment.url(), &deployment.invite("head", "35"));
    assert_eq!(told(&again), (3, "configuration"));
    nothing_is_lost(&office, &id);
    let init = crate::harness::run(
        deployment
            .command("init")
            .args(["--name", "x"])
            .arg("--recovery-out")
            .arg(deployment.folder().join("x")),
    );
    assert_eq!(init.code, Some(3), "{init:?}");
    office.sync();
    assert_eq!(told(&deployment.newcomer("Kosong").try_sync()), (3, "configuration"));
}

#[test]
fn what_was_not_understood_is_usage_and_changes_nothing() {
    let deployment = Deployment::start();
    let (office, id) = with_work(&deployment);
    for (arguments, said) in [
        (&["record", "edit", &id, "--set", "nama_lengkp=x"][..], "did you mean nama_lengkap?"),
        (&["record", "create", "worker", "--set", "tahun_lahir=delapan"], "whole number"),
        (&["record", "create", "pekerja", "--set", "nama_lengkap=x"], "kinds are"),
        (&["record", "edit", &id, "--set", "telepon=0811"], "--add"),
        (&["record", "edit", &id, "--set", "status_pmi=AKTIF"], "computed"),
        (&["record", "create", "worker", "--set", "area=3513"], "region code"),
        (&["record", "list", "worker", "--sort", "nama"], "nama_lengkap"),
    ] {
        let ended = office.run(arguments);
        assert_eq!(told(&ended), (2, "usage"), "{arguments:?}");
        assert!(ended.err.contains(said) && ended.out.is_empty(), "{arguments:?}: {ended:?}");
    }
    for arguments in
        [&["record", "show", "bukan-id"][..], &["record", "edit", "0"], &["catat"], &["sync", "--jso"]]
    {
        let ended = office.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
    }
    nothing_is_lost(&office, &id);
    assert_eq!(office.status()["records"], 1);
}

#[test]
fn a_record_that_is_not_here_is_not_found() {
    let deployment = Deployment::start();
    let (office, id) = with_work(&deployment);
    let unknown = "0".repeat(26);
    for arguments in [
        &["record", "show", &unknown][..],
        &["record", "edit", &unknown, "--set", "rt=1"],
        &["record", "history", &unknown],
        // Not allowed is the same answer: nobody learns whether something exists.
        &["record", "create", "worker", "--set", "area=35.78"],
    ] {
        assert_eq!(told(&office.run(arguments)), (1, "not_found"), "{arguments:?}");
    }
    nothing_is_lost(&office, &id);
}

#[test]
fn without_a_network_it_is_later() {
    let deployment = Deployment::start();
    let (office, id) = with_work(&deployment);
    deployment.kill();
    assert_eq!(told(&office.try_sync()), (75, "unreachable"));
    nothing_is_lost(&office, &id);
    let newcomer = deployment.newcomer("Lumajang");
    assert_eq!(told(&newcomer.enrol(&deployment.url(), "salah")), (75, "unreachable"));
    deployment.restart();
    assert_eq!(office.sync()["pushed"], 1);
}

#[test]
fn a_passphrase_opens_and_another_does_not() {
    let deployment = Deployment::start();
    let [right, wrong] = ["benar", "salah"].map(|text| {
        let file = deployment.folder().join(text);
        std::fs::write(&file, format!("kata sandi {text}\n")).unwrap();
        file
    });
    let office = deployment.newcomer("Kraksaan");
    let code = deployment.invite("front_office", "35.13");
    let enrol = ["enrol", "--relay", &deployment.url(), "--code", &code];
    let mut enrol = office.command(&enrol);
    enrol.arg("--passphrase-file").arg(&right);
    enrol.env("SAMBUNG_TEST_CHEAP_KDF", "1").env("SAMBUNG_PASSPHRASE_FILE", &right);
    let enrolled = crate::harness::run(&mut enrol);
    assert_eq!(enrolled.code, Some(0), "{enrolled:?}");
    let status = |file: Option<&std::path::Path>| {
        let mut command = office.command(&["status"]);
        command.envs(file.map(|file| ("SAMBUNG_PASSPHRASE_FILE", file)));
        crate::harness::run(&mut command)
    };
    assert_eq!(status(Some(&right)).code, Some(0));
    assert_eq!(told(&status(Some(&wrong))), (3, "configuration"));
    assert_eq!(told(&status(None)), (3, "configuration"));
}

#[test]
fn another_relay_at_the_same_address_is_not_believed() {
    let deployment = Deployment::start();
    let (office, id) = with_work(&deployment);
    let other = Deployment::start();
    deployment.line().divert(Some(other.address()));
    assert_eq!(told(&office.try_sync()), (3, "relay_unknown"));
    nothing_is_lost(&office, &id);
    deployment.line().divert(None);
    assert_eq!(office.sync()["pushed"], 1);
}

/// Answers every request with these bytes.
fn portal(answer: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, answer) = (listener.local_addr().unwrap(), answer.to_owned());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            drop(message(&mut stream));
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    address
}

const PAGE: &str = "<html>Selamat datang di WiFi</html>";

#[test]
fn a_captive_portal_is_no_network() {
    let deployment = Deployment::start();
    let (office, id) = with_work(&deployment);
    let page = |head: &str| {
        format!(
            "HTTP/1.1 {head}\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{PAGE}",
            PAGE.len()
        )
    };
    let login = portal(&page("200 OK"));
    for answer in [
        page("200 OK"),
        page("511 Network Authentication Required"),
        page("403 Forbidden"),
        page(&format!("302 Found\r\nlocation: http://{login}/login")),
        page(&format!("307 Temporary Redirect\r\nlocation: http://{login}/login")),
        "SSH-2.0-OpenSSH\r\n".to_owned(),
        String::new(),
    ] {
        deployment.line().divert(Some(portal(&answer)));
        assert_eq!(told(&office.try_sync()), (75, "unreachable"), "{answer}");
        let newcomer = deployment.newcomer("Lumajang");
        assert_eq!(told(&newcomer.enrol(&deployment.url(), "salah")), (75, "unreachable"), "{answer}");
    }
    nothing_is_lost(&office, &id);
    deployment.line().divert(None);
    assert_eq!(office.sync()["pushed"], 1);
}

#[test]
fn an_answer_that_claims_to_be_a_relays_and_cannot_be_read_is_a_failure() {
    let deployment = Deployment::start();
    let (office, id) = with_work(&deployment);
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {}\r\nconnection: close\r\ncontent-length: 4\r\n\r\nhalo",
        sambung_sync::frame::MEDIA_TYPE
    );
    deployment.line().divert(Some(portal(&answer)));
    assert_eq!(told(&office.try_sync()), (1, "frame_invalid"));
    nothing_is_lost(&office, &id);
}
