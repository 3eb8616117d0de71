//! The command line: arguments in, one operation of the core, the result out.

mod args;
mod containers;
mod content;
mod copy;
mod db;
mod defaults;
mod events;
mod export;
mod gc;
mod images;
mod input;
mod leases;
mod listing;
mod metadb;
mod namespaces;
mod output;
mod owner;
mod place;
mod progress;
mod sandboxes;
#[cfg(all(unix, feature = "serve"))]
mod serve;
mod snapshots;
mod usage;
mod validate;

use args::{Cli, Command, Global};
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};
use std::io::Write as _;
use std::process::ExitCode;
use stowbook::{Error, Result};

/// A list of whole records spends more than half of its time on memory; with this allocator a third less.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage::print(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage::print(&error),
    };
    let mut global = cli.global;
    #[cfg(all(unix, feature = "serve"))]
    if matches!(cli.command, Command::Serve(_)) {
        // Where it listens.
        global.address = None;
    }
    if let (Command::Copy(_), [place, ..]) = (&cli.command, &places(&global, &matches)[..]) {
        let message = format!("the argument '{place}' cannot be used with '--from <PLACE>' and '--to <PLACE>'");
        return usage::print(&Cli::command().error(clap::error::ErrorKind::ArgumentConflict, message));
    }
    if let Some(message) = conflict(&global, &matches) {
        return usage::print(&Cli::command().error(clap::error::ErrorKind::ArgumentConflict, message));
    }
    global.in_namespace = cli.command.is_in_namespace();
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

/// What was said about where the records are. The environment may name a book; what is named here comes before it.
fn places(global: &Global, matches: &clap::ArgMatches) -> Vec<&'static str> {
    let mut named = Vec::new();
    if matches.value_source("db") == Some(ValueSource::CommandLine) {
        named.push("--db <FILE>");
    }
    if global.metadb.is_some() {
        named.push("--metadb <FILE>");
    }
    #[cfg(all(unix, feature = "serve"))]
    if global.address.is_some() {
        named.push("--address <unix:///PATH>");
    }
    named
}

/// What cannot be said together.
fn conflict(global: &Global, matches: &clap::ArgMatches) -> Option<String> {
    let mut named = places(global, matches);
    if named.iter().any(|place| place.starts_with("--address")) && global.read_only {
        named.push("--read-only");
    }
    match named[..] {
        [first, second, ..] => Some(format!("the argument '{second}' cannot be used with '{first}'")),
        _ => None,
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
        Command::Images(command) => images::run(global, command),
        Command::Sandboxes(command) => sandboxes::run(global, command),
        Command::Content(command) => content::run(global, command),
        Command::Snapshots(command) => snapshots::run(global, command),
        Command::Namespaces(command) => namespaces::run(global, command),
        Command::Leases(command) => leases::run(global, command),
        Command::Gc(command) => gc::run(global, &command),
        Command::Owner { id } => owner::run(global, &id),
        Command::Events(command) => events::run(global, &command),
        Command::Export { file } => export::export(global, &file),
        Command::Import { file, same_book } => export::import(global, &file, same_book),
        Command::Copy(command) => copy::run(global, &command),
        Command::Db(command) => db::run(global, command),
        Command::Metadb(command) => metadb::run(global, command),
        #[cfg(all(unix, feature = "serve"))]
        Command::Serve(command) => serve::run(global, command),
        Command::Validate(arguments) => validate::run(global, &arguments),
        Command::Explain { code } if global.output == args::Output::Json => validate::explain_json(&code),
        Command::Explain { code } => validate::explain(&code),
        Command::Completions { shell } => {
            // It panics when it cannot write, so it writes to memory.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stowbook", &mut script);
            Ok(std::io::stdout().write_all(&script)?)
        }
        Command::Man { directory } => {
            let written =
                std::fs::create_dir_all(&directory).and_then(|()| clap_mangen::generate_to(Cli::command(), &directory));
            Ok(written
                .map_err(|error| Error::unavailable(format!("cannot write to {}: {error}", directory.display())))?)
        }
    }
}

/// Runs an operation on each of the names, which it gets with their numbers. What is refused is printed, and the others
/// have their turn.
fn on_each(
    global: &Global,
    names: &[String],
    mut operation: impl FnMut(usize, &str) -> Result<()>,
) -> Result<(), Failure> {
    let mut failed = None;
    for (number, name) in names.iter().enumerate() {
        if let Err(error) = operation(number, name) {
            failed = Some(error.kind().names().exit);
            output::print_error(global, &error);
        }
    }
    failed.map_or(Ok(()), |exit| Err(Failure::Reported(exit)))
}
