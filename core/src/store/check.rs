//! Looks at every value of a book.

use super::containers::record;
use super::{content, header, snapshots};
use crate::Result;
use crate::proto::Message as _;
use crate::storage::layout::{self, Space};
use crate::storage::{Snapshot, unseal};
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
    let mut links = snapshots::links::Links::default();
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
            Space::SnapshotChild => {
                links.add_note(parts);
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
            Space::EventLog => super::events::Bounds::decode(value).map(drop),
            Space::Event => crate::model::Envelope::decode(value).map(drop),
            Space::Image
            | Space::Lease
            | Space::LeaseResource
            | Space::SandboxHead
            | Space::SandboxBody => Ok(()),
            Space::Blob => content::record::check_blob(parts.last(), value),
            Space::Ingest => content::record::decode_ingest("", value).map(drop),
            Space::Snapshot => links.add_snapshot(parts, value),
            Space::Sequence => snapshots::rules::decode_sequence(value).map(drop),
            Space::BackingSnapshot => crate::snapshot::check_value(parts.last(), value),
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
    for (key, problem) in links.problems() {
        findings.push(Finding { place: layout::describe(&key), problem: problem.to_owned() });
    }
    Ok(findings)
}
