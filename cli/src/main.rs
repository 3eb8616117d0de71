//! The command line: arguments in, one operation of the core, the result out.

mod args;
mod containers;
mod db;
mod input;
mod namespaces;
mod output;
mod place;
mod validate;

use args::{Cli, Command, Global};
use clap::{CommandFactory as _, Parser as _};
use std::io::Write as _;
use std::process::ExitCode;
use stowbook::{Error, Result};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse_words(&error),
    };
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

/// Says what is wrong with the words, or prints the help they ask for. Checks of files have a status of their own for it.
fn refuse_words(error: &clap::Error) -> ExitCode {
    // There is nobody left to tell when standard error fails.
    let _ = error.print();
    let command = Cli::command();
    let is_command =
        |word: &String| command.get_subcommands().any(|known| known.get_name_and_visible_aliases().contains(&&**word));
    let checks = std::env::args().skip(1).find(is_command).is_some_and(|word| word == "validate" || word == "explain");
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if checks => ExitCode::from(validate::USAGE),
        status => ExitCode::from(u8::try_from(status).unwrap_or(2)),
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
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Explain { code } => validate::explain(&code),
        Command::Completions { shell } => {
            // It panics when it cannot write, so it writes to memory.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stowbook", &mut script);
            Ok(std::io::stdout().write_all(&script)?)
        }
        Command::Man { directory } => Ok(clap_mangen::generate_to(Cli::command(), directory)?),
    }
}
