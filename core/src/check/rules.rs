//! The catalogue of rules. The data is `core/rules/rules.json`; `cargo xtask rules` makes the table and the pages of it.

use super::Severity;
use serde::Serialize;
use std::sync::LazyLock;

/// A rule a line, its fields with tabs between. As text it is a third smaller to load in a browser than as values.
const TABLE: &str = include_str!("rules/table.tsv");

/// Every rule, by code.
pub static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| TABLE.lines().map(Rule::read).collect());

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
    pub accepted_by: Vec<&'static str>,
}

/// A tool's own words for refusing a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The tool: `runc`, `crun`, `containerd` and so on.
    pub tool: &'static str,
    /// Its version, as in `1.1`, `>=1.2` or `HEAD`; empty where the words are those of all that are known.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub version: &'static str,
    /// What it says. Names and numbers in it are those of an example.
    pub text: &'static str,
}

/// The tools whose words the rules quote.
const TOOLS: [&str; 7] = ["runc", "crun", "containerd", "runtime-tools", "oci-image-tool", "go-digest", "Go"];

/// Rules about any member at all: what tools say to them names the member, so no words are theirs.
const GENERAL: [&str; 6] = ["OCI-RT-0011", "OCI-RT-0012", "OCI-RT-0013", "OCI-RT-0014", "OCI-RT-0015", "OCI-RT-0016"];

impl Rule {
    fn read(line: &'static str) -> Rule {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        Rule {
            code: field(),
            severity: match field() {
                "advice" => Severity::Advice,
                "warning" => Severity::Warning,
                _ => Severity::Error,
            },
            host: field() == "host",
            accepted_by: field().split_whitespace().collect(),
            pointer: field(),
            message: field(),
            condition: field(),
            basis: field(),
            tools: field(),
            fix: field(),
        }
    }

    /// What tools say when they refuse what the rule finds: the quotations in [`Rule::tools`].
    pub fn refusals(&self) -> impl Iterator<Item = Refusal> {
        let clauses = clauses(self.tools).filter(|_| !GENERAL.contains(&self.code));
        clauses.flat_map(|clause| {
            let parts = clause.split_once('`').and_then(|(lead, rest)| Some((lead, rest.rsplit_once('`')?.0)));
            let (lead, quoted) = parts.unwrap_or_default();
            let lead = lead.trim().trim_end_matches(':');
            let (tool, version) = lead.split_once(' ').unwrap_or((lead, ""));
            let numbered = version.is_empty()
                || version == "HEAD"
                || version
                    .trim_start_matches(['>', '=', 'v'])
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.');
            let unnamed = match () {
                () if self.code.starts_with("CTD-CR-") => "containerd",
                () if self.basis.starts_with("runc") => "runc",
                () => "",
            };
            let tools: [&'static str; 2] = match tool {
                "both" => ["runc", "crun"],
                "" => [unnamed, ""],
                _ => [TOOLS.iter().find(|known| **known == tool).copied().unwrap_or_default(), ""],
            };
            let tools = tools.into_iter().filter(move |tool| !tool.is_empty() && numbered && !quoted.is_empty());
            tools.flat_map(move |tool| {
                let texts =
                    quoted.split("`, `").flat_map(|text| text.split("` / `")).flat_map(|text| text.split("` or `"));
                texts.map(move |text| Refusal { tool, version, text: text.split("` (").next().unwrap_or(text) })
            })
        })
    }
}

/// The parts of a text between semicolons that are in no quotation.
fn clauses(text: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let whole = rest?;
        let mut quoted = false;
        let end = whole.bytes().position(|byte| {
            quoted ^= byte == b'`';
            byte == b';' && !quoted
        });
        let (clause, behind) = match end {
            Some(end) => (whole.get(..end)?, whole.get(end + 1..)),
            None => (whole, None),
        };
        rest = behind;
        Some(clause)
    })
}

/// The rule with this code.
pub fn explain(code: &str) -> Option<&'static Rule> {
    let rules = &*RULES;
    let at = rules.binary_search_by(|rule| rule.code.cmp(code)).ok()?;
    rules.get(at)
}
