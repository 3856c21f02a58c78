//! What schema pack, forms and identifiers add to a WebAssembly module: `cargo xtask wasm-size` builds this and
//! weighs it.

use std::process::ExitCode;

use sambung_domain::Pack;
use sambung_domain::date::Date;
use sambung_domain::form::{Record, Surroundings, check};

fn main() -> ExitCode {
    let Ok(pack) = Pack::builtin() else { return ExitCode::FAILURE };
    let kind = std::hint::black_box("worker");
    let record: Record = serde_json::from_str(std::hint::black_box("{}")).unwrap_or_default();
    let around = Surroundings { today: std::hint::black_box(Date::in_wib(0)), regions: None };
    let sound = pack.forms_of(kind).all(|form| check(&pack, form, &record, around).can_save());
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
