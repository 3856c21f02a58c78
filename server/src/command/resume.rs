//! `resume`: ending the silence of a relay that came back with less than it had.

use sambung_sync::relay::SilenceStore;
use serde::Serialize;

use super::CommandError;
use crate::cli::Resume;
use crate::data::DataDir;
use crate::store::StoreError;
use crate::{clock, output};

#[derive(Serialize)]
struct Resumed {
    was_silent: bool,
    since: Option<String>,
    cause: Option<String>,
}

pub(super) fn run(args: &Resume) -> Result<(), CommandError> {
    let (_, pool) = DataDir::at(&args.look.data.data).open()?;
    let resumed = pool.write::<_, StoreError>(|store| {
        let silence = store.silence()?.filter(|silence| silence.ended.is_none());
        if silence.is_some() {
            store.end_silence(clock::now(), &args.reason)?;
        }
        Ok(Resumed {
            was_silent: silence.is_some(),
            since: silence.as_ref().map(|silence| silence.since.to_string()),
            cause: silence.map(|silence| silence.cause),
        })
    })?;
    if args.look.json {
        output::json(&resumed)?;
    } else if resumed.was_silent {
        output::line("The relay sends records again.")?;
    } else {
        output::line("The relay was not silent.")?;
    }
    Ok(())
}
