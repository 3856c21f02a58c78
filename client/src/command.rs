//! One module a group of commands.

mod attention;
mod backup;
mod card;
mod complaint;
mod doctor;
mod enrol;
mod export;
mod handover;
mod import;
mod interop;
mod query;
mod record;
mod review;
mod serve;
mod sync;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::output;

/// Runs a command.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let place = Place { dir: cli.dir, staff: cli.staff };
    match cli.command {
        Command::Enrol(arguments) => enrol::run(&place, &arguments),
        Command::Serve(arguments) => serve::run(&place, &arguments),
        Command::Sync(arguments) => sync::sync(&place, arguments.json),
        Command::Status(arguments) => sync::status(&place, arguments.json),
        Command::Record(arguments) => record::run(&place, arguments),
        Command::Import(arguments) => import::run(&place, &arguments),
        Command::Export(arguments) => export::run(&place, arguments),
        Command::Search(arguments) => query::search(&place, arguments),
        Command::Person(arguments) => query::person(&place, arguments),
        Command::Lacak(arguments) => card::track(&place, arguments),
        Command::Card(arguments) => card::run(&place, arguments),
        Command::Transition(arguments) => review::transition(&place, arguments),
        Command::Complaint(arguments) => complaint::run(&place, arguments),
        Command::Transfer(arguments) => handover::transfer(&place, arguments),
        Command::Pindah(arguments) => handover::pindah(&place, arguments),
        Command::Conflicts(arguments) => review::conflicts(&place, arguments),
        Command::Same(arguments) => review::same(&place, arguments),
        Command::Draft(arguments) => review::draft(&place, &arguments),
        Command::Attention(arguments) => attention::run(&place, &arguments),
        Command::Verify(arguments) => verify::run(&place, &arguments),
        Command::Backup(arguments) => backup::backup(&place, &arguments),
        Command::Restore(arguments) => backup::restore(&place, &arguments),
        Command::Doctor(arguments) => doctor::run(&place, arguments.json),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "sambung", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::ReadAutomerge => interop::read(),
        Command::Man => manual(),
    }
}

fn manual() -> Result<ExitCode, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|source| Failure::File { what: "the manual page".to_owned(), source })?;
    output::line(String::from_utf8_lossy(&page).trim_end());
    Ok(ExitCode::SUCCESS)
}

/// Where and as whom a command acts.
pub(crate) struct Place {
    dir: Option<PathBuf>,
    staff: Option<sambung_domain::StaffId>,
}

impl Place {
    pub(crate) fn dir(&self) -> Result<&PathBuf, Failure> {
        self.dir.as_ref().ok_or_else(|| {
            Failure::Usage("name the replica's directory with --dir or SAMBUNG_DIR".to_owned())
        })
    }

    /// The node, with everything up to date.
    pub(crate) fn node(&self) -> Result<crate::node::Node, Failure> {
        let mut node = self.node_as_it_is()?;
        node.catch_up()?;
        Ok(node)
    }

    /// The node, where nobody shall wait for what an update left behind.
    pub(crate) fn node_as_it_is(&self) -> Result<crate::node::Node, Failure> {
        crate::node::Node::open(self.dir()?, self.staff)
    }
}

/// A runtime for commands that speak to the relay.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::File { what: "the network runtime".to_owned(), source })
}
