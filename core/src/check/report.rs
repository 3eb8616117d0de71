//! What a check found.

use super::{Kind, Place, Refusal};
use serde::{Serialize, Serializer};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It works, and could be safer.
    Advice,
    /// It is ignored, not portable, or against a recommendation.
    Warning,
    /// It breaks a demand, or some runtime refuses it, or a setting is lost.
    Error,
}

impl Severity {
    /// `error`, `warning` or `advice`.
    pub fn text(self) -> &'static str {
        match self {
            Severity::Advice => "advice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The rule's code; [`super::explain`] has the rest of it.
    pub code: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// The JSON pointer of the value; for a missing member that of the object without it.
    pub pointer: String,
    /// The member that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The place in the text.
    pub span: Place,
    /// The value as it was written, cut at 200 characters. Secrets are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What will happen, and under which runtime.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub explain: &'static str,
    /// How to put it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Suggestion>,
    /// Other places that have to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// Where the rule comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<&'static str>,
    /// What tools say when they refuse it, where their words are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused_by: Vec<Refusal>,
}

/// A way to put something right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// What to do.
    pub text: String,
    /// Whether it keeps the meaning, or is the only way to read the text. [`super::fix`] applies such only.
    pub safe: bool,
    /// The changes of the text that do it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Change>,
}

/// A change of the text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The first byte that goes.
    pub start: usize,
    /// The byte behind the last one that goes.
    pub end: usize,
    /// What comes in their place.
    pub replacement: String,
}

/// Another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Its JSON pointer.
    pub pointer: String,
    /// Where it is.
    pub span: Place,
    /// What it has to do with the finding.
    pub message: String,
}

/// A rule that could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Skipped {
    /// The rule's code.
    pub code: &'static str,
    /// The fact about the host that it needs.
    pub needs: &'static str,
}

/// All findings in one text.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What the text was taken for; nothing if it could not be told.
    #[serde(serialize_with = "kind_name")]
    pub kind: Option<Kind>,
    /// The version of the specification that the text names.
    #[serde(rename = "specVersion")]
    pub spec_version: Option<String>,
    /// The worst of it.
    pub verdict: Verdict,
    /// The findings, in the order of the text.
    #[serde(rename = "findings")]
    pub diagnostics: Vec<Diagnostic>,
    /// What would have needed facts about a host.
    pub skipped: Vec<Skipped>,
    /// Where the text seems to hold secrets. Who shows parts of the text leaves these out.
    #[serde(skip)]
    pub secrets: Vec<Place>,
}

/// What a report comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No errors and no warnings.
    Valid,
    /// No errors.
    Warnings,
    /// At least one error.
    Invalid,
}

impl Report {
    /// How many findings are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn kind_name<S: Serializer>(kind: &Option<Kind>, serializer: S) -> Result<S::Ok, S::Error> {
    kind.map(Kind::name).serialize(serializer)
}
