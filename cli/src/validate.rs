//! `stowbook validate` and `stowbook explain`.

mod human;
mod machine;
mod sarif;
mod this_host;

use crate::Failure;
use crate::args::{Format, Validate};
use crate::input;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use stowbook::check::{self, Kind, Options, Report, Severity};
use this_host::ThisHost;

/// Exit statuses beside 0.
const FINDINGS: u8 = 1;
const UNREADABLE: u8 = 2;
/// Wrong words on the command line.
pub(crate) const USAGE: u8 = 3;

/// A text and what was found in it.
struct Checked {
    /// How messages call it.
    name: String,
    text: Vec<u8>,
    report: Report,
    /// The codes of what `--fix` put right.
    fixed: Vec<&'static str>,
}

pub(crate) fn run(arguments: &Validate) -> Result<(), Failure> {
    let mut checked = Vec::new();
    let mut unreadable = false;
    let mut progress = Progress::new(arguments.files.len());
    for file in &arguments.files {
        progress.step(checked.len());
        match one(arguments, file) {
            Ok(one) => checked.push(one),
            Err(error) => {
                unreadable = true;
                progress.clear();
                writeln!(anstream::stderr(), "stowbook: {}", error.message())?;
            }
        }
    }
    progress.clear();
    print(arguments, &checked)?;
    let threshold = Severity::from(arguments.fail_on);
    let found = checked.iter().any(|one| one.report.diagnostics.iter().any(|found| found.severity >= threshold));
    match (unreadable, found) {
        (true, _) => Err(Failure::Reported(UNREADABLE)),
        (false, true) => Err(Failure::Reported(FINDINGS)),
        (false, false) => Ok(()),
    }
}

fn one(arguments: &Validate, file: &Path) -> stowbook::Result<Checked> {
    let mut text = input::read(file)?;
    let bundle = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let host = ThisHost { bundle: bundle.to_owned() };
    let options = arguments.options(arguments.host.then_some(&host));
    let kind = arguments.kind.as_deref().and_then(kind_of);
    let mut fixed = Vec::new();
    if arguments.fix {
        let result = check::fix(&text, kind, &options);
        if result.text != text {
            write_back(file, &result.text)?;
            (text, fixed) = (result.text, result.codes);
        }
    }
    let report = check::validate(&text, kind, &options);
    let name = if file.as_os_str() == "-" { "<stdin>".to_owned() } else { file.display().to_string() };
    Ok(Checked { name, text, report, fixed })
}

/// The kind of this name.
fn kind_of(name: &str) -> Option<Kind> {
    Kind::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
}

/// The platform of this name.
fn platform_of(name: &str) -> Option<check::Platform> {
    check::Platform::ALL.iter().find(|(_, known)| *known == name).map(|(platform, _)| *platform)
}

/// Puts a repaired text in the place of the file, whole or not at all; standard input's goes to standard output.
fn write_back(file: &Path, text: &[u8]) -> stowbook::Result<()> {
    let failed =
        |error: std::io::Error| stowbook::Error::unavailable(format!("cannot write {}: {error}", file.display()));
    if file.as_os_str() == "-" {
        return std::io::stdout().write_all(text).map_err(failed);
    }
    let target = file.canonicalize().map_err(failed)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(&target)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, &target));
    written.map_err(|error| {
        // It may never have been made.
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

fn print(arguments: &Validate, checked: &[Checked]) -> Result<(), Failure> {
    // With `--fix -` the text itself goes to standard output.
    let to_stderr = arguments.fix && arguments.files.iter().any(|file| file.as_os_str() == "-");
    let mut out: Box<dyn std::io::Write> =
        if to_stderr { Box::new(anstream::stderr().lock()) } else { Box::new(anstream::stdout().lock()) };
    match arguments.format {
        Format::Human => human::print(&mut out, checked, arguments.quiet)?,
        Format::Short => machine::short(&mut out, checked)?,
        Format::Github => machine::github(&mut out, checked)?,
        Format::Json => machine::json(&mut out, checked)?,
        Format::Sarif => sarif::print(&mut out, checked)?,
    }
    Ok(out.flush()?)
}

/// A line on the terminal while many files take long.
struct Progress {
    files: usize,
    started: Instant,
    shown: bool,
}

impl Progress {
    fn new(files: usize) -> Self {
        Progress { files, started: Instant::now(), shown: false }
    }

    fn step(&mut self, done: usize) {
        if self.started.elapsed() > Duration::from_secs(1) && std::io::stderr().is_terminal() {
            self.shown = true;
            // There is nobody left to tell when standard error fails.
            let _ = write!(std::io::stderr(), "\r{done} of {} files checked", self.files);
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// Prints what is known of a code.
pub(crate) fn explain(code: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let Some(rule) = check::explain(&code.to_uppercase()) else {
        writeln!(anstream::stderr(), "stowbook: there is no diagnostic with the code {code}")?;
        return Err(Failure::Reported(USAGE));
    };
    let place = if rule.pointer.is_empty() { "the document" } else { rule.pointer };
    writeln!(out, "{} ({}), at {place}\n\n{}.", rule.code, rule.severity.text(), rule.condition.trim_end_matches('.'))?;
    let accepted = rule.accepted_by.join(", ");
    let rows = [
        ("needs", if rule.host { "facts about the host (--host)" } else { "" }),
        ("basis", rule.basis),
        ("tools", rule.tools),
        ("accepted all the same by", &accepted),
        ("to put it right", rule.fix),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "\n{name}: {value}")?;
    }
    Ok(())
}

impl Validate {
    fn options<'h>(&self, host: Option<&'h ThisHost>) -> Options<'h> {
        Options {
            profile: check::Profile::ALL
                .iter()
                .find(|(_, name)| *name == self.profile)
                .map(|(profile, _)| *profile)
                .unwrap_or_default(),
            platform: self.platform.as_deref().and_then(platform_of),
            rootless: self.rootless,
            cgroup: self.cgroup.into(),
            systemd_cgroup: self.systemd_cgroup,
            advice: self.advice || self.fail_on == crate::args::FailOn::Advice,
            ignore: self.ignore.iter().map(|text| check::Ignore::parse(text)).collect(),
            strict: self.strict,
            show_secrets: self.show_secrets,
            host: host.map(|host| host as &dyn check::Host),
            ..Options::default()
        }
    }
}

/// Where a text was, for the places in outputs.
fn uri(name: &str) -> String {
    let path = PathBuf::from(name);
    path.to_string_lossy().replace('\\', "/").replace(' ', "%20")
}
