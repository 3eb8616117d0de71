use crate::args::{Copy, Global, Output};
use crate::{Failure, output, place};
use std::io::Write as _;
use stowbook::copy::{CopyOptions, CopyReport};
use stowbook::{Error, Host as _, Result, SystemHost};

/// How long the lease of a copy that was killed holds what it brought.
const LEASE_SECONDS: i64 = 24 * 3600;

pub(crate) fn run(global: &Global, command: &Copy) -> Result<(), Failure> {
    let mut options = CopyOptions::default();
    options.namespaces.clone_from(&command.only);
    options.dry_run = command.dry_run;
    options.keep_existing = command.keep_existing;
    let now = SystemHost.now();
    options.lease_until = stowbook::model::Timestamp::new(now.seconds() + LEASE_SECONDS, 0).ok();

    let mut at = place::named(global, &command.from);
    let places = (command.from.canonicalize(), command.to.canonicalize());
    let report = if matches!(&places, (Ok(from), Ok(to)) if from == to) {
        Err(Error::invalid_argument("both places are the same").with_help("name another place with --to"))
    } else {
        place::open_or_empty(&at).and_then(|from| {
            // What goes wrong from here on does so there, mostly; the others say what they were about.
            at = place::named(global, &command.to);
            place::Target::open(&at, options.dry_run)?.copy_from(&*from, &options)
        })
    };
    match report {
        Ok(report) => show(global, &report, options.dry_run),
        Err(error) => {
            output::print_error(&at, &error);
            Err(Failure::Reported(error.kind().names().exit))
        }
    }
}

fn show(global: &Global, report: &CopyReport, dry_run: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if global.output == Output::Json {
        return Ok(output::json(&mut out, report)?);
    }
    for (word, lines) in [("there with another content", &report.conflicts), ("not kept", &report.not_kept)] {
        lines.iter().try_for_each(|line| writeln!(out, "{word}: {}", output::shown(line)))?;
    }
    let done = if dry_run { "to copy" } else { "copied" };
    for (what, count) in [
        ("namespaces", report.namespaces),
        ("content", report.blobs),
        ("images", report.images),
        ("leases", report.leases),
        ("sandboxes", report.sandboxes),
        ("containers", report.containers),
        ("snapshots", report.snapshots),
    ] {
        writeln!(out, "{what} {done}: {count}")?;
    }
    Ok(writeln!(out, "there already: {}", report.unchanged)?)
}
