//! Every problem of a configuration at once: OCI runtime and image documents, and containerd's records.
//!
//! [`validate`] reads a text and gives a [`Report`] of [`Diagnostic`]s: what is wrong, where in the text, what will happen,
//! and how to put it right. [`fix`] applies what can only be meant one way. [`explain`] gives the rule behind a code.
//!
//! Nothing here reads a file or a clock. What only a host knows comes in through [`Host`]; a rule that needs a fact that
//! nobody gave is listed in [`Report::skipped`].
//!
//! ```
//! use stowbook::check::{Kind, Options, validate};
//!
//! let report = validate(br#"{"ociVersion": "1.2"}"#, Some(Kind::RuntimeConfig), &Options::default());
//! let version = report.diagnostics.iter().find(|one| one.pointer == "/ociVersion").unwrap();
//! assert_eq!((version.code, version.span.column), ("OCI-RT-0102", 16));
//! ```

mod context;
mod detect;
mod fields;
mod host;
mod image;
mod named;
mod names;
mod nearest;
mod options;
mod patterns;
mod place;
mod record;
mod repair;
mod report;
mod rules;
mod runtime;
mod seen;
mod syntax;
#[cfg(test)]
mod tests;
mod view;

pub use detect::{Kind, detect};
pub use host::{Host, PathKind, measure};
pub use named::rule;
pub use options::{Cgroup, Ignore, Options, Phase, Platform, Profile};
pub use place::Place;
pub use repair::{Fixed, fix};
pub use report::{Change, Diagnostic, Related, Report, Severity, Skipped, Suggestion, Verdict};
pub use rules::{RULES, Refusal, Rule, explain};

use crate::doc::Document;
use context::Checker;

/// Checks a text. Without a kind, [`detect`] says which it is.
pub fn validate(text: &[u8], kind: Option<Kind>, options: &Options<'_>) -> Report {
    let document = Document::parse(text);
    let kind = kind.or_else(|| detect::of(&document)).or_else(|| detect::likely(&document));
    let mut checker = Checker::new(&document, kind.unwrap_or(Kind::RuntimeConfig), options);
    match kind {
        Some(kind) => checker.run(kind),
        None => checker.undecided(),
    }
    checker.finish(kind)
}
