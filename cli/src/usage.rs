//! Words on the command line that cannot be understood.

use crate::args::{Cli, Global, Output};
use crate::output;
use clap::CommandFactory as _;
use clap::builder::Resettable;
use clap::error::ErrorKind;
use std::process::ExitCode;

/// The exit status of a wrong command line.
const EXIT: u8 = 2;

/// Prints what clap has to say: help, the version, or what is wrong.
pub(crate) fn print(error: &clap::Error) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // What the environment says would stand in the usage as if one had to write it.
    let plain = Cli::command().mut_args(|arg| arg.env(Resettable::Reset)).try_get_matches().err();
    let error = plain.as_ref().filter(|plain| plain.kind() == error.kind() && !asked).unwrap_or(error);
    let words = || std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    if asked || !wants_json(words()) {
        // There is nobody left to tell when the output fails.
        let _ = error.print();
    } else {
        let text = error.render().to_string();
        let (message, help) = text.split_once("\n\n").unwrap_or((&text, ""));
        print_json(message.strip_prefix("error: ").unwrap_or(message), help.trim_end());
    }
    ExitCode::from(match asked {
        true => 0,
        false if checks_files(words()) => crate::validate::USAGE,
        false => EXIT,
    })
}

/// Whether the command is one whose exit statuses tell of findings, and 2 of files that cannot be read.
fn checks_files(mut words: impl Iterator<Item = String>) -> bool {
    let command = Cli::command();
    let is_command =
        |word: &String| command.get_subcommands().any(|known| known.get_name_and_visible_aliases().contains(&&**word));
    words.find(is_command).is_some_and(|word| word == "validate" || word == "explain")
}

/// Prints what is wrong with words that clap took.
pub(crate) fn print_own(global: &Global, what: &str, correct: &str) -> ExitCode {
    let message = format!("{what}: invalid argument");
    let help = format!("usage: {correct}");
    match global.output {
        Output::Json => print_json(&message, &help),
        Output::Table => anstream::eprintln!("stowbook: {message}\n  {help}"),
    }
    ExitCode::from(EXIT)
}

fn print_json(message: &str, help: &str) {
    let body = serde_json::json!({"error": {
        "kind": stowbook::ErrorKind::InvalidArgument.code(),
        "message": message,
        "where": null,
        "details": {},
        "help": help,
    }});
    let _ = output::json(&mut anstream::stderr().lock(), &body);
}

/// Whether JSON was asked for, as far as that can be told of words that do not parse.
fn wants_json(words: impl Iterator<Item = String>) -> bool {
    let mut named = false;
    for word in words.take_while(|word| word != "--") {
        if (named && word == "json") || matches!(word.as_str(), "--output=json" | "-ojson" | "-o=json") {
            return true;
        }
        named = matches!(word.as_str(), "-o" | "--output");
    }
    false
}
