//! The catalogue of rules. The data is `core/rules/rules.json`; `cargo xtask rules` makes the table and the pages of it.

mod table;

pub use table::RULES;

use super::Severity;
use serde::Serialize;

/// One rule: what it looks for, and what it says.
#[derive(Debug, Serialize)]
pub struct Rule {
    /// The code. It is never changed and never used again.
    pub code: &'static str,
    /// How bad it is, unless the profile or the case says otherwise.
    pub severity: Severity,
    /// Whether it needs facts about a host.
    pub host: bool,
    /// Where it looks: a JSON pointer with letters for indexes and keys.
    pub pointer: &'static str,
    /// What it says; `{}` stands for what was found.
    pub message: &'static str,
    /// When it speaks.
    pub condition: &'static str,
    /// Where the rule comes from, parted by `; `.
    pub basis: &'static str,
    /// What tools say and do.
    pub tools: &'static str,
    /// How to put it right.
    pub fix: &'static str,
    /// The runtimes, by the names of profiles, that were seen to start such a container all the same.
    pub accepted_by: &'static [&'static str],
}

/// The rule with this code.
pub fn explain(code: &str) -> Option<&'static Rule> {
    let at = RULES.binary_search_by(|rule| rule.code.cmp(code)).ok()?;
    RULES.get(at)
}
