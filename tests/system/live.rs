//! Nodes that are served hear of each other's work without anybody asking.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Deployment, Office, Served};

/// Background syncs this far apart do not happen in a test.
const NEVER: [&str; 2] = ["--sync-every", "86400"];
const LOOKS: usize = 3_000;

/// Looks until something is so; a hang ends it, nothing else does.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let looked = (0..LOOKS).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        so()
    });
    assert!(looked, "{what}");
}

fn serve(office: &Office) -> Served {
    Served::start_with(office, &NEVER, &[("SAMBUNG_LOG", "debug")])
}

fn log(office: &Office) -> String {
    std::fs::read_to_string(Served::log_of(office)).unwrap()
}

/// Whether a node listens for the so many-th time, and has asked for what it had not heard: from now on only a hint
/// brings it anything.
fn listens(office: &Office, times: usize) -> bool {
    let (log, connected) = (log(office), "\"heard\":\"Connected\"");
    log.matches(connected).count() >= times && log.rfind("\"synced\"") > log.rfind(connected)
}

fn create(served: &Served, name: &str) -> String {
    let body = json!({ "kind": "worker", "fields": { "nama_lengkap": name } });
    let (status, outcome) = served.ask("POST", "/api/v1/records", &body);
    assert_eq!(status, 201, "{outcome}");
    outcome["id"].as_str().unwrap().to_owned()
}

fn shows(served: &Served, id: &str) -> bool {
    served.ask("GET", &format!("/api/v1/records/{id}"), &Value::Null).0 == 200
}

#[test]
fn what_one_node_saves_appears_at_another_without_anybody_syncing() {
    let deployment = Deployment::start();
    let [one, two] = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13"));
    let (first, second) = (serve(&one), serve(&two));
    until("both listen", || listens(&one, 1) && listens(&two, 1));
    let id = create(&first, "Uji Siti Langsung");
    until("it appears at the other", || shows(&second, &id));

    // The relay goes and comes back; both find it by themselves.
    deployment.restart();
    until("both listen again", || listens(&one, 2) && listens(&two, 2));
    let id = create(&second, "Uji Siti Kembali");
    until("it appears at the first", || shows(&first, &id));
}

#[test]
fn without_a_stream_a_node_works_as_before() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let silent = Mute::before(&deployment);
    deployment.line().divert(Some(silent.address));
    let served = serve(&office);
    create(&served, "Uji Siti Tanpa Aliran");
    until("it is sent all the same", || office.status()["waiting"] == 0);
    assert!(!log(&office).contains("\"heard\""));
}

/// Stands before a relay of before: it does not know the question.
struct Mute {
    address: std::net::SocketAddr,
}

impl Mute {
    fn before(deployment: &Deployment) -> Mute {
        use std::io::Write;
        use std::net::{TcpListener, TcpStream};

        let (relay, listener) = (deployment.address(), TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut node in listener.incoming().map_while(Result::ok) {
                std::thread::spawn(move || {
                    while let Some(request) = crate::harness::message(&mut node) {
                        if request.starts_with(b"GET /sync/v1/events") {
                            drop(node.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"));
                            continue;
                        }
                        let mut far = TcpStream::connect(relay).unwrap();
                        drop(far.write_all(&request));
                        drop(node.write_all(&crate::harness::message(&mut far).unwrap_or_default()));
                    }
                });
            }
        });
        Mute { address }
    }
}
