//! The command line: arguments in, one operation of the core, the result out.

mod args;
mod containers;
mod db;
mod input;
mod namespaces;
mod output;
mod place;
#[cfg(feature = "serve")]
mod serve;
mod usage;

use args::{Cli, Command, Global};
use clap::{CommandFactory as _, Parser as _};
use std::io::Write as _;
use std::process::ExitCode;
use stowbook::{Error, Result};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::print(&error),
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
        Err(Failure::Usage { what, correct }) => usage::print_own(&global, what, correct),
        Err(Failure::Reported(exit)) => ExitCode::from(exit),
    }
}

/// Why a command did not end well.
enum Failure {
    /// An operation was refused.
    Refused(Error),
    /// The words on the command line do not fit together.
    Usage { what: &'static str, correct: &'static str },
    /// What went wrong is printed already; this is the exit status.
    Reported(u8),
    /// Whoever read our output has had enough.
    Pipe,
}

impl Failure {
    fn usage(what: &'static str, correct: &'static str) -> Self {
        Failure::Usage { what, correct }
    }
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
        #[cfg(feature = "serve")]
        Command::Serve(command) => serve::run(global, command),
        Command::Completions { shell } => {
            // It panics when it cannot write, so it writes to memory.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stowbook", &mut script);
            Ok(std::io::stdout().write_all(&script)?)
        }
        Command::Man { directory } => Ok(clap_mangen::generate_to(Cli::command(), directory)?),
    }
}
