//! The command line: arguments in, one operation of the core, the result out.

mod args;
mod containers;
mod db;
mod input;
mod metadb;
mod namespaces;
mod output;
mod place;

use args::{Cli, Command, Global};
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};
use std::io::Write as _;
use std::process::ExitCode;
use stowbook::{Error, Result};

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // The environment may name a book; a file that is named here comes before it.
    if cli.global.metadb.is_some() && matches.value_source("db") == Some(ValueSource::CommandLine) {
        let message = "the argument '--metadb <FILE>' cannot be used with '--db <FILE>'";
        Cli::command().error(clap::error::ErrorKind::ArgumentConflict, message).exit();
    }
    let mut global = cli.global;
    global.in_namespace = matches!(cli.command, Command::Containers(_));
    match run(&global, cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Pipe) => ExitCode::SUCCESS,
        Err(Failure::Refused(error)) => {
            output::print_error(&global, &error);
            ExitCode::from(error.kind().names().exit)
        }
        Err(Failure::Reported(exit)) => ExitCode::from(exit),
    }
}

/// Why a command did not end well.
enum Failure {
    /// An operation was refused.
    Refused(Error),
    /// What went wrong is printed already; this is the exit status.
    Reported(u8),
    /// Whoever read our output has had enough.
    Pipe,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Refused(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Failure::Pipe;
        }
        Failure::Refused(Error::unavailable(format!("cannot write the output: {error}")))
    }
}

fn run(global: &Global, command: Command) -> Result<(), Failure> {
    match command {
        Command::Containers(command) => containers::run(global, command),
        Command::Namespaces(command) => namespaces::run(global, command),
        Command::Db(command) => db::run(global, command),
        Command::Metadb(command) => metadb::run(global, command),
        Command::Completions { shell } => {
            // It panics when it cannot write, so it writes to memory.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stowbook", &mut script);
            Ok(std::io::stdout().write_all(&script)?)
        }
        Command::Man { directory } => Ok(clap_mangen::generate_to(Cli::command(), directory)?),
    }
}
