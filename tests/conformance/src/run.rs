//! Plays one case on a place.

use crate::compare::{Difference, Times, compare, compare_events};
use crate::place::{Answer, Place};
use crate::vectors::{Case, Step};
use stowbook::{Host as _, SystemHost};

/// How a case went.
pub(crate) enum Verdict {
    Passed,
    /// It was not played to its end, for this reason.
    Skipped(String),
    /// What was not as expected, step by step.
    Failed(Vec<Failure>),
}

/// A step that was not answered as expected.
pub(crate) struct Failure {
    pub(crate) step: usize,
    pub(crate) differences: Vec<Difference>,
}

/// Plays a case, expecting the answers of this version.
pub(crate) fn case(case: &Case, version: &str, place: &mut dyn Place) -> Verdict {
    if let Some(reason) = reason_to_skip(case, version, place) {
        return Verdict::Skipped(reason);
    }
    if let Err(reason) = place.reset() {
        return Verdict::Failed(vec![Failure { step: 0, differences: vec![Difference::note(reason)] }]);
    }
    let mut times = Times::default();
    let mut failures = Vec::new();
    for (number, step) in case.steps.iter().enumerate() {
        let answer = timed(place, step, &mut times);
        let broken = match &answer {
            Answer::Unsupported(reason) => return Verdict::Skipped(reason.clone()),
            Answer::Broken(_) => true,
            _ => false,
        };
        let mut differences = match step.expected(version) {
            Some(expected) => compare(expected, &answer, &mut times),
            None => vec![Difference::note(format!("nothing is expected for {version}"))],
        };
        if let (true, Some(expected)) = (case.events, step.expected(version)) {
            match place.published() {
                Ok(published) => differences.extend(compare_events(&expected.events, published, &mut times)),
                Err(reason) => differences.push(Difference::note(reason)),
            }
        }
        if !differences.is_empty() {
            failures.push(Failure { step: number, differences });
        }
        if broken {
            break;
        }
    }
    if failures.is_empty() { Verdict::Passed } else { Verdict::Failed(failures) }
}

fn reason_to_skip(case: &Case, version: &str, place: &dyn Place) -> Option<String> {
    if !case.versions.is_empty() && !case.versions.iter().any(|known| known == version) {
        return Some(format!("only for {}", case.versions.join(" and ")));
    }
    if case.events && !place.tells_events() {
        return Some("events are not recorded here".to_owned());
    }
    let missing: Vec<&str> = case.requires.iter().map(String::as_str).filter(|what| !place.provides(what)).collect();
    if !missing.is_empty() {
        return Some(format!("requires {}", missing.join(" and ")));
    }
    case.steps.iter().find_map(|step| place.lacks(&step.op))
}

/// Plays a step and notes when it ran.
fn timed(place: &mut dyn Place, step: &Step, times: &mut Times) -> Answer {
    let tick = place.tick();
    if !tick.is_zero() {
        std::thread::sleep(tick);
    }
    let before = SystemHost.now();
    let answer = place.play(step);
    times.add_step(before, SystemHost.now(), tick);
    answer
}
