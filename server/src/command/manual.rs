//! `completions` and `man`.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use super::CommandError;
use crate::cli::Cli;
use crate::output;

pub(super) fn completions(shell: Shell) -> Result<(), CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sambung-relay", &mut script);
    Ok(output::raw(&script)?)
}

pub(super) fn page(of: Option<&str>) -> Result<(), CommandError> {
    let mut program = Cli::command();
    program.build();
    let command = match of {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .ok_or_else(|| CommandError::Usage(name.to_owned()))?
            .clone()
            .display_name(format!("sambung-relay-{name}")),
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(output::raw(&page)?)
}
