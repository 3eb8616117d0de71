//! The checker: every problem of a text at once.

use crate::error::raise;
use crate::text::Text;
use crate::values;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use std::str::FromStr;
use stowbook::Error;
use stowbook::check::{self, Cgroup, Ignore, Kind, Options, Phase, Platform, Profile, Severity};

/// JSON, or what should be: text, or bytes as they come from a file.
pub(crate) enum Source {
    Text(Text),
    Bytes(PyBackedBytes),
}

impl FromPyObject<'_, '_> for Source {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.extract() {
            Ok(bytes) => Ok(Source::Bytes(bytes)),
            Err(_) => object.extract().map(Source::Text),
        }
    }
}

impl Source {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Source::Text(text) => text.0.as_bytes(),
            Source::Bytes(bytes) => bytes,
        }
    }
}

/// The value of this name.
fn named<T: FromStr<Err = Error>>(name: &str) -> PyResult<T> {
    name.parse().map_err(raise)
}

fn kind_of(name: &str) -> PyResult<Option<Kind>> {
    if name == "auto" { Ok(None) } else { named(name).map(Some) }
}

/// What a check is asked to do, as it came from Python: the core's options without facts about a host, which cannot go from
/// thread to thread.
#[derive(Default)]
struct Asked {
    kind: Option<Kind>,
    platform: Option<Platform>,
    profile: Profile,
    rootless: bool,
    cgroup: Cgroup,
    systemd_cgroup: bool,
    phase: Phase,
    advice: bool,
    min_severity: Option<Severity>,
    ignore: Vec<Ignore>,
    max_findings: Option<usize>,
    strict: bool,
    show_secrets: bool,
}

impl Asked {
    fn read(function: &str, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut asked = Asked::default();
        let Some(keywords) = keywords else { return Ok(asked) };
        for (keyword, value) in keywords {
            let name: Text = keyword.extract()?;
            let text = || value.extract::<Text>().map(|text| text.0);
            let flag = || value.extract::<bool>();
            match &*name.0 {
                "kind" => asked.kind = kind_of(&text()?)?,
                "platform" if value.is_none() => {}
                "platform" => asked.platform = Some(named(&text()?)?),
                "profile" => asked.profile = named(&text()?)?,
                "rootless" => asked.rootless = flag()?,
                "cgroup" => asked.cgroup = named(&text()?)?,
                "systemd_cgroup" => asked.systemd_cgroup = flag()?,
                "phase" => asked.phase = named(&text()?)?,
                "advice" => asked.advice = flag()?,
                "min_severity" => asked.min_severity = Some(named(&text()?)?),
                "ignore" => {
                    let ignored: Vec<Text> = value.extract()?;
                    asked.ignore = ignored.iter().map(|text| Ignore::parse(&text.0)).collect();
                }
                "max_findings" => asked.max_findings = Some(value.extract()?),
                "strict" => asked.strict = flag()?,
                "show_secrets" => asked.show_secrets = flag()?,
                other => {
                    let message = format!("{function}() got an unexpected keyword argument '{other}'");
                    return Err(PyTypeError::new_err(message));
                }
            }
        }
        Ok(asked)
    }
    fn options(&self) -> Options<'static> {
        let default = Options::default();
        Options {
            platform: self.platform,
            profile: self.profile,
            rootless: self.rootless,
            cgroup: self.cgroup,
            systemd_cgroup: self.systemd_cgroup,
            phase: self.phase,
            advice: self.advice,
            min_severity: self.min_severity.unwrap_or(default.min_severity),
            ignore: self.ignore.clone(),
            max_findings: self.max_findings.unwrap_or(default.max_findings),
            strict: self.strict,
            show_secrets: self.show_secrets,
            ..default
        }
    }
}

/// Checks a text, and gives a report of everything that is wrong, with codes, places, reasons and fixes. It raises nothing
/// for what is in the text, whatever that is.
///
/// ``kind`` says what the text is to be; ``"auto"`` finds out. ``platform``, ``profile`` (a runtime), ``rootless``,
/// ``cgroup``, ``systemd_cgroup`` and ``phase`` say where a runtime config is to be used. ``advice`` asks for advice on
/// secure configuration too, ``ignore`` are codes, or beginnings of codes, each with ``@POINTER`` if it is for some places
/// only, and ``strict`` makes unknown members errors. What looks like a secret is in the report with ``show_secrets`` only.
///
/// >>> from stowbook import validate
/// >>> report = validate('{"ociVersion": "1.2"}', kind="runtime-config")
/// >>> version = next(one for one in report.diagnostics if one.pointer == "/ociVersion")
/// >>> report.verdict, version.code, version.span.line, version.span.column
/// ('invalid', 'OCI-RT-0102', 1, 16)
#[pyfunction]
#[pyo3(
    signature = (text, **options),
    text_signature = "(text, *, kind='auto', platform=None, profile='any', rootless=False, cgroup='unknown', \
                      systemd_cgroup=False, phase='start', advice=False, min_severity='advice', ignore=(), \
                      max_findings=1000, strict=False, show_secrets=False)"
)]
#[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
pub(crate) fn validate<'py>(
    py: Python<'py>,
    text: Source,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let asked = Asked::read("validate", options)?;
    let report = py.detach(|| check::validate(text.bytes(), asked.kind, &asked.options()));
    values::read(py, "report", &report)
}

/// Puts right in a text what can only be meant one way, and changes nothing else. The options are those of ``validate``;
/// text gives text, bytes give bytes.
///
/// >>> from stowbook import fix
/// >>> fixed = fix('{"imageLayoutVersion": "1.0.0",}')
/// >>> fixed.text, len(fixed.codes)
/// ('{"imageLayoutVersion": "1.0.0"}', 1)
#[pyfunction]
#[pyo3(
    signature = (text, **options),
    text_signature = "(text, *, kind='auto', platform=None, profile='any', rootless=False, cgroup='unknown', \
                      systemd_cgroup=False, phase='start', advice=False, min_severity='advice', ignore=(), \
                      max_findings=1000, strict=False, show_secrets=False)"
)]
#[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
pub(crate) fn fix<'py>(
    py: Python<'py>,
    text: Source,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let asked = Asked::read("fix", options)?;
    let fixed = py.detach(|| check::fix(text.bytes(), asked.kind, &asked.options()));
    let codes = PyTuple::new(py, fixed.codes)?;
    let bytes = PyBytes::new(py, &fixed.text);
    match text {
        Source::Bytes(_) => values::make(py, "Fixed", (bytes, codes)),
        Source::Text(_) => values::make(py, "Fixed", (bytes.call_method0("decode")?, codes)),
    }
}

/// Which sort of document a text is, from its media type or its members; None if that cannot be told.
///
/// >>> from stowbook import detect
/// >>> detect('{"imageLayoutVersion": "1.0.0"}')
/// 'image-layout'
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
pub(crate) fn detect(py: Python<'_>, text: Source) -> Option<&'static str> {
    py.detach(|| check::detect(text.bytes())).map(Kind::name)
}

/// The rule behind a code.
///
/// >>> from stowbook import explain
/// >>> explain("OCI-RT-0415").severity
/// 'error'
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
pub(crate) fn explain<'py>(py: Python<'py>, code: Text) -> PyResult<Bound<'py, PyAny>> {
    let rule = check::rule(&code.0).map_err(raise)?;
    let accepted_by = PyTuple::new(py, &rule.accepted_by)?;
    let (code, severity, needs_host) = (rule.code, rule.severity.text(), rule.host);
    let (message, condition, basis, tools, fix) = (rule.message, rule.condition, rule.basis, rule.tools, rule.fix);
    let members = (code, severity, needs_host, rule.pointer, message, condition, basis, tools, fix, accepted_by);
    values::make(py, "Rule", members)
}
