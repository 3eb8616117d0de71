//! Looks at every value of a book.

use super::containers::record;
use super::events::Bounds;
use super::header;
use crate::proto::Message as _;
use crate::storage::layout::{self, Space};
use crate::storage::{Snapshot, unseal};
use crate::{Error, Result};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// One thing that is wrong with a book.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is affected, in words: `container "web" in namespace "default"`.
    pub place: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Finding {
    pub(super) fn of_pages(problem: String) -> Self {
        Finding { place: "the file".to_owned(), problem }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// Checks every checksum, decodes every value, and looks for halves without the other half and for records in namespaces
/// that do not exist.
pub(super) fn values(snapshot: &Arc<dyn Snapshot>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Err(error) = header::check(snapshot) {
        findings.push(Finding { place: "the book's header".to_owned(), problem: error.to_string() });
    }
    let mut heads: BTreeSet<Vec<Vec<u8>>> = BTreeSet::new();
    let mut bodies = BTreeSet::new();
    let mut namespaces = BTreeSet::new();
    let mut log = Log::default();
    let mut last_key = Vec::new();
    let walked = Snapshot::scan(&**snapshot, &[], None, &mut |key, sealed| {
        last_key = key.to_vec();
        let mut problem = |problem: String| findings.push(Finding { place: layout::describe(key), problem });
        let Some((space, parts)) = layout::parse(key) else {
            problem("nothing of this format has such a key".to_owned());
            return Ok(ControlFlow::Continue(()));
        };
        let value = match unseal(key, sealed) {
            Ok(value) => value,
            Err(error) => {
                problem(error.to_string());
                &[]
            }
        };
        let decoded = match space {
            // Checked above.
            Space::Book => Ok(()),
            Space::Event if !log.holds(&parts) => Err(Error::data_loss("the event log does not reach to it")),
            Space::EventLog if value.is_empty() => {
                log = Log::Unknown;
                Ok(())
            }
            _ if value.is_empty() && space != Space::ContainerBody => Ok(()),
            Space::Namespace => {
                namespaces.extend(parts);
                crate::model::Namespace::decode(value.get(1..).unwrap_or_default()).map(drop)
            }
            Space::ContainerHead => {
                let decoded = record::decode_head(value).map(drop);
                heads.insert(parts);
                decoded
            }
            Space::EventLog => Bounds::decode(value)
                .map(|bounds| log = Log::Known { next: bounds.first, last: bounds.last, missing: 0 })
                .inspect_err(|_| log = Log::Unknown),
            Space::Event => crate::model::Envelope::decode(value).map(drop),
            Space::Image
            | Space::Lease
            | Space::LeaseResource
            | Space::SandboxHead
            | Space::SandboxBody
            | Space::Blob
            | Space::Ingest
            | Space::Snapshot
            | Space::SnapshotChild
            | Space::Sequence => Ok(()),
            Space::ContainerBody => {
                let decoded = record::add_body(&mut crate::model::Container::default(), value);
                bodies.insert(parts);
                decoded
            }
        };
        if let Err(error) = decoded {
            problem(error.to_string());
        }
        Ok(ControlFlow::Continue(()))
    });
    if let Err(error) = walked {
        let problem = format!("the walk over the keys ended behind {}: {error}", layout::describe(&last_key));
        findings.push(Finding { place: "the file".to_owned(), problem });
        // What was not seen may be there.
        return Ok(findings);
    }
    findings.extend(log.finding());
    let halves = heads.symmetric_difference(&bodies).map(|parts| {
        let problem = if heads.contains(parts) { "its body is missing" } else { "its head is missing" };
        (parts, problem)
    });
    let homeless = heads.iter().filter(|parts| parts.first().is_some_and(|namespace| !namespaces.contains(namespace)));
    let homeless = homeless.map(|parts| (parts, "its namespace does not exist"));
    for (parts, problem) in halves.chain(homeless) {
        let [namespace, id] = parts.as_slice() else { continue };
        let place = layout::describe(&layout::record(Space::ContainerHead, namespace, id));
        findings.push(Finding { place, problem: problem.to_owned() });
    }
    Ok(findings)
}

/// Follows the numbers of the events, which come in order and behind the bounds of the log.
enum Log {
    /// The bounds cannot be read, which is told already.
    Unknown,
    /// The next event should have this number.
    Known { next: u64, last: u64, missing: u64 },
}

impl Default for Log {
    /// A book without bounds has no event yet.
    fn default() -> Self {
        Log::Known { next: 1, last: 0, missing: 0 }
    }
}

impl Log {
    /// Takes the key of the next event. Whether it lies within the bounds.
    fn holds(&mut self, parts: &[Vec<u8>]) -> bool {
        let Log::Known { next, last, missing } = self else { return true };
        let number = parts.first().and_then(|number| <[u8; 8]>::try_from(number.as_slice()).ok());
        match number.map(u64::from_be_bytes).filter(|number| (*next..=*last).contains(number)) {
            Some(number) => {
                *missing = missing.saturating_add(number.saturating_sub(*next));
                *next = number.saturating_add(1);
                true
            }
            None => false,
        }
    }

    fn finding(self) -> Option<Finding> {
        let Log::Known { next, last, missing } = self else { return None };
        let missing = missing.saturating_add(last.saturating_add(1).saturating_sub(next));
        let problem = format!("{missing} of its events are missing");
        (missing > 0).then(|| Finding { place: "the event log".to_owned(), problem })
    }
}
