//! What the core says to texts: for doors, whose reports have to be the same to the byte. DOORS.md has the lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};
use stowbook::check::{self, Host, Ignore, Options, PathKind, Report};
use stowbook::{Error, Result};

/// A question: a text, and what is asked of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    text_base64: String,
    kind: Option<String>,
    platform: Option<String>,
    profile: Option<String>,
    #[serde(default)]
    rootless: bool,
    cgroup: Option<String>,
    #[serde(default)]
    systemd_cgroup: bool,
    phase: Option<String>,
    #[serde(default)]
    advice: bool,
    min_severity: Option<String>,
    #[serde(default)]
    ignore: Vec<String>,
    max_findings: Option<usize>,
    #[serde(default)]
    strict: bool,
    host: Option<Facts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    #[serde(default)]
    paths: BTreeMap<String, String>,
    filesystems: Option<Vec<String>>,
    apparmor: Option<bool>,
    selinux: Option<bool>,
    terminal: Option<bool>,
    processors: Option<u64>,
    huge_page_sizes: Option<Vec<String>>,
    blobs: Option<BTreeMap<String, Blob>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Blob {
    size: u64,
    matches: bool,
    content_base64: Option<String>,
}

impl Host for Facts {
    fn path(&self, path: &str) -> Option<PathKind> {
        self.paths.get(path)?.parse().ok()
    }
    fn filesystems(&self) -> Option<Vec<String>> {
        self.filesystems.clone()
    }
    fn apparmor(&self) -> Option<bool> {
        self.apparmor
    }
    fn selinux(&self) -> Option<bool> {
        self.selinux
    }
    fn terminal(&self) -> Option<bool> {
        self.terminal
    }
    fn processors(&self) -> Option<u64> {
        self.processors
    }
    fn huge_page_sizes(&self) -> Option<Vec<String>> {
        self.huge_page_sizes.clone()
    }
    fn blob(&self, digest: &str) -> Option<Option<(u64, bool)>> {
        let blob = self.blobs.as_ref()?.get(digest);
        Some(blob.map(|blob| (blob.size, blob.matches)))
    }
    fn content(&self, digest: &str) -> Option<Vec<u8>> {
        BASE64.decode(self.blobs.as_ref()?.get(digest)?.content_base64.as_ref()?).ok()
    }
    fn blobs(&self) -> Option<Vec<String>> {
        Some(self.blobs.as_ref()?.keys().cloned().collect())
    }
}

/// What is answered.
#[derive(Serialize)]
struct Answer {
    detected: Option<&'static str>,
    report: Report,
    codes: Vec<&'static str>,
    fixed_base64: String,
}

/// Answers questions until there are no more.
pub(crate) fn serve() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        serde_json::to_writer(&mut out, &answer(&question)?)?;
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

fn answer(question: &Question) -> Result<Answer> {
    let text = BASE64.decode(&question.text_base64).map_err(|error| Error::invalid_argument(error.to_string()))?;
    let mut options = Options {
        rootless: question.rootless,
        systemd_cgroup: question.systemd_cgroup,
        advice: question.advice,
        ignore: question.ignore.iter().map(|text| Ignore::parse(text)).collect(),
        strict: question.strict,
        host: question.host.as_ref().map(|facts| facts as &dyn Host),
        ..Options::default()
    };
    set(question.profile.as_deref(), &mut options.profile)?;
    set(question.cgroup.as_deref(), &mut options.cgroup)?;
    set(question.phase.as_deref(), &mut options.phase)?;
    set(question.min_severity.as_deref(), &mut options.min_severity)?;
    options.platform = question.platform.as_deref().map(str::parse).transpose()?;
    options.max_findings = question.max_findings.unwrap_or(options.max_findings);
    let kind = question.kind.as_deref().map(str::parse).transpose()?;
    let fixed = check::fix(&text, kind, &options);
    Ok(Answer {
        detected: check::detect(&text).map(check::Kind::name),
        report: check::validate(&text, kind, &options),
        codes: fixed.codes,
        fixed_base64: BASE64.encode(fixed.text),
    })
}

fn set<T: std::str::FromStr<Err = Error>>(name: Option<&str>, to: &mut T) -> Result<()> {
    if let Some(name) = name {
        *to = name.parse()?;
    }
    Ok(())
}
