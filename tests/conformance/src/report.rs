//! What a run prints.

use crate::run::{Failure, Verdict};
use crate::vectors::{Case, Suite};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The counts so far.
#[derive(Default)]
pub(crate) struct Report {
    suite: Counts,
    all: Counts,
    /// Why cases of the suite were skipped, and how many.
    skipped: BTreeMap<String, usize>,
    suites: Vec<SuiteCounts>,
}

/// The counts of a suite that ended, for those who compare several runs.
#[derive(Serialize)]
struct SuiteCounts {
    suite: String,
    passed: usize,
    failed: usize,
    /// How many were skipped, by reason.
    skipped: BTreeMap<String, usize>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Report {
    /// Counts a case, and prints what went wrong in it.
    pub(crate) fn add(&mut self, suite: &Suite, case: &Case, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.suite.passed += 1,
            Verdict::Skipped(reason) => {
                self.suite.skipped += 1;
                *self.skipped.entry(reason).or_default() += 1;
            }
            Verdict::Failed(failures) => {
                self.suite.failed += 1;
                for Failure { step, differences } in failures {
                    let op = case.steps.get(step).map_or("", |step| &step.op);
                    println!("FAILED {} {}, step {step}: {op}", suite.name, case.id);
                    for difference in differences {
                        if !difference.place.is_empty() {
                            println!("  {}", difference.place);
                        }
                        println!("    {}", difference.text.replace('\n', "\n    "));
                    }
                }
            }
        }
    }

    /// Prints the counts of a suite.
    pub(crate) fn end_suite(&mut self, suite: &Suite) {
        let counts = std::mem::take(&mut self.suite);
        println!("{}: {counts}", suite.name);
        self.all.passed += counts.passed;
        self.all.failed += counts.failed;
        self.all.skipped += counts.skipped;
        self.suites.push(SuiteCounts {
            suite: suite.name.clone(),
            passed: counts.passed,
            failed: counts.failed,
            skipped: std::mem::take(&mut self.skipped),
        });
    }

    /// Writes the counts of the suites that ended into a file, as JSON.
    pub(crate) fn write_counts(&self, path: &Path) -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, serde_json::to_string_pretty(&self.suites)? + "\n")
    }

    /// Prints why cases were skipped, the commonest reason first, and the counts of all suites.
    pub(crate) fn end(&self) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (reason, count) in self.suites.iter().flat_map(|suite| &suite.skipped) {
            *counts.entry(reason).or_default() += count;
        }
        let mut reasons: Vec<_> = counts.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (reason, count) in reasons {
            println!("skipped: {count} {reason}");
        }
        println!("{}", self.all);
    }

    /// How many cases of the suites that ended failed.
    pub(crate) fn failed(&self) -> usize {
        self.all.failed
    }
}
