//! Looks at every value of a book.

use super::{halves, header, images, leases};
use crate::Result;
use crate::model::{Container, Sandbox};
use crate::proto::Message as _;
use crate::storage::layout::{self, Space};
use crate::storage::{Snapshot, unseal};
use std::collections::{BTreeMap, BTreeSet};
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
    let mut namespaces = BTreeSet::new();
    // The parts of the keys of what lies in namespaces, by the first byte of the keys.
    let mut records: BTreeMap<u8, BTreeSet<Vec<Vec<u8>>>> = BTreeMap::new();
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
        if Space::IN_NAMESPACE.contains(&space) {
            records.entry(space as u8).or_default().insert(parts);
        } else if space == Space::Namespace {
            namespaces.extend(parts);
        }
        let decoded = match space {
            // Checked above.
            Space::Book => Ok(()),
            Space::ContainerBody => halves::decode_body(&mut Container::default(), value),
            Space::SandboxBody => halves::decode_body(&mut Sandbox::default(), value),
            _ if value.is_empty() => Ok(()),
            Space::Namespace => crate::model::Namespace::decode(value.get(1..).unwrap_or_default()).map(drop),
            Space::ContainerHead => halves::decode_head::<Container>(value).map(drop),
            Space::Image => images::decode(value).map(drop),
            Space::SandboxHead => halves::decode_head::<Sandbox>(value).map(drop),
            Space::EventLog => super::events::Bounds::decode(value).map(drop),
            Space::Event => crate::model::Envelope::decode(value).map(drop),
            Space::Lease => leases::decode(value).map(drop),
            Space::LeaseResource => leases::decode_resource(key, value).map(drop),
            Space::Blob | Space::Ingest | Space::Snapshot | Space::SnapshotChild | Space::Sequence => Ok(()),
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
    let mut finding = |space: Space, parts: &Vec<Vec<u8>>, problem: &str| {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        findings.push(Finding { place: layout::describe(&layout::key(space, &parts)), problem: problem.to_owned() });
    };
    let none = BTreeSet::new();
    let of = |space: Space| records.get(&(space as u8)).unwrap_or(&none);
    for (head, body) in [(Space::ContainerHead, Space::ContainerBody), (Space::SandboxHead, Space::SandboxBody)] {
        for parts in of(head).symmetric_difference(of(body)) {
            let problem = if of(head).contains(parts) { "its body is missing" } else { "its head is missing" };
            finding(head, parts, problem);
        }
    }
    for parts in of(Space::LeaseResource) {
        if parts.get(..2).is_some_and(|lease| !of(Space::Lease).contains(lease)) {
            finding(Space::LeaseResource, parts, "its lease does not exist");
        }
    }
    // A body goes with its head.
    let bodies = [Space::ContainerBody, Space::SandboxBody];
    for space in Space::IN_NAMESPACE.into_iter().filter(|space| !bodies.contains(space)) {
        for parts in of(space).iter().filter(|parts| parts.first().is_some_and(|name| !namespaces.contains(name))) {
            finding(space, parts, "its namespace does not exist");
        }
    }
    Ok(findings)
}
