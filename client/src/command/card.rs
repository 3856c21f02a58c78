//! `sambung card …` and `sambung lacak`

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use sambung_domain::RecordId;
use sambung_domain::identifier::{CardNumber, TrackingCode};
use sambung_replica::card::{BadRow, CARD_LIST_MAX, CardListError, CardRow, Track, card_id};
use sambung_replica::import::Sheet;
use serde_json::{Value as Json, json};

use super::Place;
use crate::cli::{Card, Track as TrackArguments};
use crate::failure::Failure;
use crate::node::{Node, random};
use crate::{output, table};

/// What the print shop needs.
const PRINTED: &str = "kartu.csv";
/// What the other offices import.
const LISTED: &str = "daftar.csv";
/// Heading of the numbers.
const NUMBER: &str = "nomor_kartu";
/// Heading of the codes, which says what they are.
const CODE: &str = "kode_lacak_RAHASIA_hanya_untuk_percetakan";
/// Heading of the ids of status cards.
const CARD: &str = "kartu_status";
/// Greatest length of a list of cards, in bytes.
const LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A card that was drawn.
struct Drawn {
    number: CardNumber,
    code: TrackingCode,
    card: RecordId,
}

/// Runs one of the commands on cards.
pub(crate) fn run(place: &Place, command: Card) -> Result<ExitCode, Failure> {
    match command {
        Card::Print { count, out, json } => print(place, count, &out, json),
        Card::Import { file, json } => import(place, &file, json),
    }
}

/// Answers how the report of a card stands.
pub(crate) fn track(place: &Place, arguments: TrackArguments) -> Result<ExitCode, Failure> {
    let TrackArguments { number, code, json } = arguments;
    let tracked = place.node()?.replica.track(&Track { number, code: code.join(" ") })?;
    if json {
        output::json(&tracked);
        return Ok(ExitCode::SUCCESS);
    }
    output::line(&tracked.sentence.id);
    output::line(&tracked.sentence.en);
    for (label, value) in [("tanggal / date", &tracked.date), ("telepon / telephone", &tracked.phone)] {
        if let Some(value) = value {
            output::line(&format!("{label}: {value}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(place: &Place, count: u32, out: &Path, json: bool) -> Result<ExitCode, Failure> {
    let mut node = place.node()?;
    node.replica.may_keep_cards()?;
    let (printed, listed) = (out.join(PRINTED), out.join(LISTED));
    if let Some(there) = [&printed, &listed].into_iter().find(|path| path.exists()) {
        let there = there.display();
        return Err(Failure::Configuration(format!("{there} exists already; name another directory")));
    }
    let cards = draw(&node, count)?;
    std::fs::create_dir_all(out)
        .map_err(|source| Failure::File { what: out.display().to_string(), source })?;
    let number = |drawn: &Drawn| Json::from(drawn.number.to_string());
    let rows = cards.iter().map(|drawn| [number(drawn), Json::from(drawn.code.printed())]);
    write(&printed, [NUMBER, CODE], rows)?;
    let rows = cards.iter().map(|drawn| [number(drawn), Json::from(drawn.card.to_string())]);
    write(&listed, [NUMBER, CARD], rows)?;
    let own: Vec<CardRow> = (1..).zip(&cards).map(|(row, drawn)| drawn.row(row)).collect();
    node.replica.import_cards(&own)?;
    if json {
        output::json(&json!({ "cards": cards.len(), "printed": printed, "listed": listed }));
    } else {
        output::line(&format!("{} kartu / cards", cards.len()));
    }
    output::message(&format!(
        "{PRINTED} RAHASIA: siapa yang punya nomor dan kode bisa menanyakan laporannya. Berikan hanya ke percetakan, \
         lalu hapus. {LISTED} untuk kantor lain: sambung card import. / {PRINTED} is secret: whoever has number and \
         code can ask for the report. Give it to the print shop only, then delete it. {LISTED} is for the other \
         offices: sambung card import."
    ));
    Ok(ExitCode::SUCCESS)
}

impl Drawn {
    fn row(&self, row: u32) -> CardRow {
        CardRow { row, number: self.number.compact(), card: self.card.to_string() }
    }
}

/// Draws cards whose numbers no list here has.
fn draw(node: &Node, count: u32) -> Result<Vec<Drawn>, Failure> {
    let deployment = node.replica.identity().deployment;
    let mut drawn = BTreeSet::new();
    let mut cards = Vec::new();
    while cards.len() < usize::try_from(count).unwrap_or(usize::MAX) {
        let number = CardNumber::from_random(random());
        if node.replica.knows_card(number)? || !drawn.insert(number) {
            continue;
        }
        let code = TrackingCode::from_random(random());
        let card = card_id(&deployment, number, &code)
            .ok_or_else(|| Failure::Configuration("there is no memory to make cards with".to_owned()))?;
        cards.push(Drawn { number, code, card });
    }
    Ok(cards)
}

/// Writes a list that only its owner reads. An existing file is never written over.
fn write(path: &Path, columns: [&str; 2], rows: impl Iterator<Item = [Json; 2]>) -> Result<(), Failure> {
    let written = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let mut list = table::Writer::begin(file, false, &columns.map(str::to_owned))?;
        for row in rows {
            list.row(&row)?;
        }
        let mut file = list.end()?;
        file.flush()?;
        file.sync_all()
    };
    written().map_err(|source| Failure::File { what: path.display().to_string(), source })
}

fn import(place: &Place, path: &Path, json: bool) -> Result<ExitCode, Failure> {
    let mut node = place.node()?;
    node.replica.may_keep_cards()?;
    let rows = rows(&read(path)?)?;
    let done = match node.replica.import_cards(&rows) {
        Err(CardListError::Rows { first, count }) => return Ok(refuse(&first, count, json)),
        done => done?,
    };
    if json {
        output::json(&done);
    } else {
        output::line(&format!("{} kartu baru, {} sudah ada / new, known", done.added, done.known));
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Sheet, Failure> {
    let failed = |source| Failure::File { what: path.display().to_string(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LIST_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LIST_BYTES_MAX {
        return Err(Failure::Foreign(format!("it is longer than {LIST_BYTES_MAX} bytes")));
    }
    table::csv(&bytes).map_err(Failure::Foreign)
}

/// The rows of a list of cards. A list with codes in it is no such list.
fn rows(sheet: &Sheet) -> Result<Vec<CardRow>, Failure> {
    if sheet.columns != [NUMBER, CARD] {
        let why = format!("a list of cards has the columns {NUMBER} and {CARD}, as {LISTED} of `card print`");
        return Err(Failure::Foreign(why));
    }
    if sheet.rows.len() > CARD_LIST_MAX {
        return Err(CardListError::TooMany.into());
    }
    let cell = |cells: &[Json], at: usize| {
        cells.get(at).and_then(Json::as_str).unwrap_or_default().trim().to_owned()
    };
    let row = |row: &sambung_replica::import::Row| CardRow {
        row: row.number,
        number: cell(&row.cells, 0),
        card: cell(&row.cells, 1),
    };
    Ok(sheet.rows.iter().map(row).collect())
}

fn refuse(first: &[BadRow], count: usize, json: bool) -> ExitCode {
    if json {
        let row = |bad: &BadRow| json!({ "row": bad.row, "why": bad.fault.to_string() });
        output::json(&json!({ "bad_rows": count, "bad": first.iter().map(row).collect::<Vec<_>>() }));
    }
    for bad in first {
        output::message(&format!("baris {} / row {}: {}", bad.row, bad.row, bad.fault));
    }
    output::message(&format!(
        "{count} baris tidak bisa masuk; belum ada yang disimpan. / {count} rows cannot go in; nothing was saved."
    ));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_cards_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("daftar.csv");
        let mut text = format!("{NUMBER};{CARD}\n").into_bytes();
        text.resize(usize::try_from(LIST_BYTES_MAX).unwrap(), b'\n');
        std::fs::write(&file, &text).unwrap();
        assert!(rows(&read(&file).unwrap()).unwrap().is_empty());
        text.push(b'\n');
        std::fs::write(&file, &text).unwrap();
        assert!(matches!(read(&file), Err(Failure::Foreign(_))));
    }
}
