//! `stowbook validate` and `stowbook explain`.

mod human;
mod layout;
mod machine;
mod sarif;
mod this_host;
mod write;

use crate::Failure;
use crate::args::{Format, Global, Output, Validate};
use crate::{input, output};
use layout::Input;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
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

pub(crate) fn run(global: &Global, arguments: &Validate) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let format = arguments.format.unwrap_or(if json { Format::Json } else { Format::Human });
    let mut checked = Vec::new();
    let mut unreadable = false;
    let mut report = |error: stowbook::Error, progress: &mut Progress| {
        unreadable = true;
        progress.clear();
        if json {
            return output::error_json(&mut anstream::stderr().lock(), &error, None);
        }
        writeln!(anstream::stderr(), "stowbook: {}", output::shown(&error.message()))?;
        match error.help() {
            Some(help) => writeln!(anstream::stderr(), "  help: {help}"),
            None => Ok(()),
        }
    };
    let mut progress = Progress::new(0);
    let mut inputs = Vec::new();
    for file in &arguments.files {
        match layout::inputs(file, arguments.kind.as_deref().and_then(kind_of)) {
            Ok(found) => inputs.extend(found),
            Err(error) => report(error, &mut progress)?,
        }
    }
    progress.files = inputs.len();
    for input in &inputs {
        progress.step(checked.len());
        match one(arguments, input) {
            Ok(one) => checked.push(one),
            Err(error) => report(error, &mut progress)?,
        }
    }
    progress.clear();
    print(arguments, format, &checked)?;
    let threshold = Severity::from(arguments.fail_on);
    let found = checked.iter().any(|one| one.report.diagnostics.iter().any(|found| found.severity >= threshold));
    match (unreadable, found) {
        (true, _) => Err(Failure::Reported(UNREADABLE)),
        (false, true) => Err(Failure::Reported(FINDINGS)),
        (false, false) => Ok(()),
    }
}

fn one(arguments: &Validate, input: &Input) -> stowbook::Result<Checked> {
    let Input { path: file, kind, layout } = input;
    let mut text = input::read(file)?;
    let bundle = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let host = ThisHost::new(layout.as_deref().unwrap_or(bundle).to_owned());
    let options = arguments.options((arguments.host || layout.is_some()).then_some(&host));
    let mut fixed = Vec::new();
    // A blob has the name of its content.
    let is_blob = layout.is_some() && file.file_name().is_some_and(|name| name != "index.json" && name != "oci-layout");
    if arguments.fix && !is_blob {
        let result = check::fix(&text, *kind, &options);
        if result.text != text {
            write::back(file, &result.text)?;
            (text, fixed) = (result.text, result.codes);
        }
    }
    let report = check::validate(&text, *kind, &options);
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

fn print(arguments: &Validate, format: Format, checked: &[Checked]) -> Result<(), Failure> {
    // With `--fix -` the text itself goes to standard output.
    let to_stderr = arguments.fix && arguments.files.iter().any(|file| file.as_os_str() == "-");
    let mut out: Box<dyn std::io::Write> =
        if to_stderr { Box::new(anstream::stderr().lock()) } else { Box::new(anstream::stdout().lock()) };
    match format {
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

/// The codes that somebody may have meant: those of the same number, in the same series if one is named.
fn meant(code: &str) -> Vec<&'static str> {
    let code = code.to_uppercase();
    let digits = code.trim_start_matches(|c: char| !c.is_ascii_digit());
    let Ok(number) = digits.parse::<u32>() else { return Vec::new() };
    let series = code.trim_end_matches(digits).trim_matches('-').rsplit('-').next().unwrap_or_default();
    let same = |rule: &&check::Rule| {
        rule.code.rsplit_once('-').is_some_and(|(start, digits)| {
            digits.parse() == Ok(number) && (series.is_empty() || start.split('-').any(|part| part == series))
        })
    };
    check::RULES.iter().filter(same).map(|rule| rule.code).collect()
}

/// Prints what is known of a code, for programs.
pub(crate) fn explain_json(code: &str) -> Result<(), Failure> {
    match check::rule(code) {
        Ok(rule) => Ok(output::json(&mut std::io::stdout().lock(), rule)?),
        Err(error) => {
            output::error_json(&mut anstream::stderr().lock(), &error, None)?;
            Err(Failure::Reported(USAGE))
        }
    }
}

/// Prints what is known of a code.
pub(crate) fn explain(code: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let Some(rule) = check::explain(&code.to_uppercase()) else {
        writeln!(anstream::stderr(), "stowbook: there is no diagnostic with the code {code}")?;
        let meant = meant(code);
        if !meant.is_empty() {
            writeln!(anstream::stderr(), "  perhaps {}", meant.join(" or "))?;
        } else {
            writeln!(anstream::stderr(), "  codes look like OCI-RT-0415, OCI-IM-0104, CTD-CR-0002 or OCI-SEC-030")?;
        }
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

/// Where a text was, as a URI: relative to the folder that the program runs in, or absolute.
fn uri(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let name = if cfg!(windows) { name.replace('\\', "/") } else { name.to_owned() };
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
