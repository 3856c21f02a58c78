//! Logs and messages say what happened and never about whom.

use sambung_testkit::Seed;
use serde_json::json;

use crate::harness::{Deployment, Office, Served, post, run};

const SEED: u64 = 20_261_124;
const PEOPLE: usize = 8;
/// The most verbose level there is.
const VERBOSE: [(&str, &str); 1] = [("SAMBUNG_LOG", "trace")];

/// Somebody who does not exist. Each of the three is found nowhere else.
struct Person {
    name: String,
    nik: String,
    phone: String,
}

impl Person {
    fn made_up(seed: &mut Seed) -> Person {
        let digits =
            |seed: &mut Seed, count| (0..count).map(|_| seed.below(10).to_string()).collect::<String>();
        let letters: String = (0..9).map(|_| *seed.pick(&['q', 'x', 'z', 'a', 'i', 'u'])).collect();
        Person {
            name: format!("Uji{letters}"),
            nik: format!("351302410190{}", digits(seed, 4)),
            phone: format!("0812{}", digits(seed, 8)),
        }
    }

    /// What must stand nowhere: the name, the number, and the phone in whatever form from its fifth digit on.
    fn traces(&self) -> [&str; 3] {
        [&self.name, &self.nik, &self.phone[4..]]
    }
}

/// Everything that was said where a log or a message goes.
#[derive(Default)]
struct Said(Vec<(String, Vec<u8>)>);

impl Said {
    fn note(&mut self, who: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((who.to_owned(), bytes.into()));
    }

    /// Runs a command of an office at the most verbose level. Its standard output is data and what was asked for; its
    /// standard error is not.
    fn ask(&mut self, office: &Office, arguments: &[&str]) -> String {
        let ended = run(office.command(arguments).envs(VERBOSE));
        self.note(&format!("{}: {}", office.name, arguments[..2].join(" ")), ended.err);
        ended.out
    }

    /// Runs a command in which somebody has mistyped. What he is told may say back what he typed, and nothing else may.
    fn mistype(&mut self, office: &Office, arguments: &[&str]) {
        let ended = run(office.command(arguments).envs(VERBOSE));
        let told = ended.err.lines().filter(|line| !line.starts_with("error: "));
        self.note(&format!("{}: {}", office.name, arguments[..2].join(" ")), told.collect::<String>());
    }

    /// Runs a command of the relay, which shows nothing anywhere.
    fn ask_relay(&mut self, deployment: &Deployment, arguments: &[&str]) {
        let ended = deployment.relay(arguments);
        self.note(&arguments.join(" "), ended.out + &ended.err);
    }

    /// Where something of a person stands, of all that was said.
    fn traces_of(&self, person: &Person) -> Vec<String> {
        let found = |bytes: &[u8], trace: &str| {
            let (bytes, trace) = (bytes.to_ascii_lowercase(), trace.to_ascii_lowercase());
            bytes.windows(trace.len()).any(|window| window == trace.as_bytes())
        };
        let said = self.0.iter();
        said.flat_map(|(who, bytes)| {
            person
                .traces()
                .into_iter()
                .filter(|trace| found(bytes, trace))
                .map(move |trace| format!("{who}: {trace}"))
        })
        .collect()
    }
}

/// One person's way through an office: recorded, completed, edited, mistyped, looked for, refused.
fn a_life(said: &mut Said, office: &Office, served: &Served, person: &Person) {
    let Person { name, nik, phone } = person;
    let (named, called) = (format!("nama_lengkap={name}"), format!("telepon={phone}"));
    let birth = ["record", "create", "worker", "--set", &named, "--add", &called];
    let id = said.ask(office, &birth).trim().to_owned();
    assert_eq!(id.len(), 26, "{:?}", said.0.last().map(|(who, text)| (who, String::from_utf8_lossy(text))));
    for number in [nik.clone(), format!("{nik}9"), format!("{name}{nik}")] {
        let set = format!("nik={number}");
        said.ask(office, &["record", "create", "worker_private", "--of", &id, "--set", &set, "--strict"]);
    }
    for words in [
        ["record", "edit", &id, "--set", &format!("{name}={phone}")],
        ["record", "edit", &id, "--set", &format!("tahun_lahir={name}")],
        ["record", "edit", &id, "--set", &format!("jenis_kelamin={nik}")],
        ["record", "list", "worker", "--where", &format!("nama_lengkap={name}")],
    ] {
        said.mistype(office, &words);
    }
    said.mistype(office, &["record", "show", name]);
    said.ask(office, &["search", name]);
    said.ask(office, &["search", &phone[..8]]);
    let offered = said.ask(office, &["transfer", "offer", &id, "--to", "P4MI-3508", "--reason", name]);
    assert!(!offered.is_empty());

    let found = served.post("/api/v1/search", &json!({ "text": name }));
    assert!(found.to_string().contains(name), "the search finds whom the logs must not name: {found}");
    let field = json!({ "kind": "worker", "fields": { name: nik, "tahun_lahir": phone } });
    let bodies = [
        field.to_string(),
        format!("{{\"text\": \"{name}"),
        format!("\"{nik}\""),
        json!([name, nik]).to_string(),
    ];
    for path in ["/api/v1/records", "/api/v1/search", "/api/v1/commands", "/api/v1/lacak"] {
        for body in &bodies {
            served.throw("POST", path, body.as_bytes());
        }
    }
    for path in
        [format!("/api/v1/records/{name}"), format!("/{nik}"), format!("/api/v1/persons/{id}?limit={phone}")]
    {
        served.throw("GET", &path, b"");
    }
    served.throw("PATCH", &format!("/api/v1/records/{id}"), bodies[0].as_bytes());
}

/// What somebody may throw at a relay: names where none belong.
fn misuse(said: &mut Said, deployment: &Deployment, person: &Person) {
    let address = deployment.address();
    let Person { name, nik, .. } = person;
    for path in [format!("/sync/v1/{name}"), format!("/sync/v1/exchange?nik={nik}"), format!("/{nik}")] {
        post(address, &path, format!("{name} {nik}").as_bytes());
    }
    let command = format!("/{name}/{nik}");
    said.ask_relay(deployment, &["parcel", "take", "00000000", "--out", &command]);
}

fn lists(said: &mut Said, office: &Office, people: &[Person]) {
    let rows = people.iter().map(|Person { name, nik, phone }| format!("{name};{nik};{phone};{name}\n"));
    let file = office.dir().join("daftar.csv");
    let text = format!("nama_lengkap;nik;telepon;tahun_lahir\n{}", rows.collect::<String>());
    std::fs::write(&file, text).unwrap();
    said.ask(office, &["import", "worker", file.to_str().unwrap()]);
}

#[test]
fn no_log_and_no_message_names_anybody_at_the_most_verbose_level() {
    let mut seed = Seed::new(SEED);
    let people: Vec<Person> = (0..PEOPLE).map(|_| Person::made_up(&mut seed)).collect();
    let deployment = Deployment::start();
    deployment.restart_with(&VERBOSE);
    let mut said = Said::default();
    let [one, two] = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13"));
    {
        let served = [&one, &two].map(|office| Served::start_with(office, &[], &VERBOSE));
        for person in &people {
            a_life(&mut said, &one, &served[0], person);
            misuse(&mut said, &deployment, person);
        }
        said.ask(&one, &["sync", "--json"]);
        said.ask(&two, &["sync", "--json"]);
        lists(&mut said, &two, &people);
        for office in [&one, &two] {
            for words in
                [["status", "--json"], ["attention", "--json"], ["verify", "--json"], ["doctor", "--json"]]
            {
                said.ask(office, &words);
            }
            said.ask(office, &["backup", office.dir().join("cadangan").to_str().unwrap()]);
            said.ask(office, &["conflicts", "list"]);
        }
    }
    let backup = deployment.folder().join("cadangan.sqlite");
    for words in [
        &["status"][..],
        &["verify"],
        &["device", "list"],
        &["quarantine", "list"],
        &["parcel", "list"],
        &["backup", backup.to_str().unwrap()],
    ] {
        said.ask_relay(&deployment, words);
    }
    let logs = [
        ("relay", deployment.log_file(), "\"request\""),
        ("one", Served::log_of(&one), "\"synced\""),
        ("two", Served::log_of(&two), "\"synced\""),
    ];
    for (who, file, expected) in logs {
        let log = std::fs::read_to_string(&file).unwrap();
        assert!(log.contains(expected), "{who} has logged: {log}");
        said.note(who, log);
    }
    let mut control = Said::default();
    control.note("a list of people", std::fs::read(two.dir().join("daftar.csv")).unwrap());
    for person in &people {
        assert_eq!(control.traces_of(person).len(), 3, "the search finds what is there");
        assert_eq!(said.traces_of(person), [""; 0]);
    }
}
