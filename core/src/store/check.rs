//! Looks at every value of a book.

use super::events::Bounds;
use super::{content, halves, header, images, leases, snapshots};
use crate::model::{Container, Sandbox};
use crate::proto::Message as _;
use crate::storage::layout::{self, Space};
use crate::storage::{Snapshot, unseal};
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// One thing that is wrong with a book.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
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
    let mut links = snapshots::links::Links::default();
    let mut log = Log::of(snapshot);
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
        let lost = space == Space::Event && !log.holds(&parts);
        if Space::IN_NAMESPACE.contains(&space) {
            records.entry(space as u8).or_default().insert(parts);
        } else if space == Space::Namespace {
            namespaces.extend(parts);
        }
        let decoded = match space {
            // Checked above.
            Space::Book => Ok(()),
            Space::Event if lost => Err(Error::data_loss("the event log does not reach to it")),
            Space::ContainerBody => halves::decode_body(&mut Container::default(), value),
            Space::SandboxBody => halves::decode_body(&mut Sandbox::default(), value),
            _ if value.is_empty() => Ok(()),
            Space::Namespace => crate::model::Namespace::decode(value.get(1..).unwrap_or_default()).map(drop),
            Space::ContainerHead => halves::decode_head::<Container>(value).map(drop),
            Space::Image => images::decode(value).map(drop),
            Space::SandboxHead => halves::decode_head::<Sandbox>(value).map(drop),
            Space::EventLog => Bounds::decode(value).map(drop),
            Space::Event => crate::model::Envelope::decode(value).map(drop),
            Space::Lease => leases::decode(value).map(drop),
            Space::LeaseResource => leases::decode_resource(key, value).map(drop),
            Space::Blob => content::record::check_blob(key, value),
            Space::Ingest => content::record::decode_ingest("", value).map(drop),
            Space::Snapshot => links.add(key, value),
            Space::SnapshotChild => Err(Error::data_loss("its value is not empty")),
            Space::Sequence => snapshots::rules::decode_sequence(value).map(drop),
            Space::BackingSnapshot => crate::snapshot::check_value(key, value),
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
    for (space, parts, problem) in links.problems(of(Space::Snapshot), of(Space::SnapshotChild)) {
        finding(space, &parts, problem);
    }
    Ok(findings)
}

/// Follows the numbers of the events, which come in order.
enum Log {
    /// The bounds cannot be read, which is told when they come.
    Unknown,
    /// The next event should have this number.
    Known { next: u64, last: u64, missing: u64 },
}

impl Log {
    fn of(snapshot: &Arc<dyn Snapshot>) -> Self {
        match Bounds::read(snapshot) {
            Ok(bounds) => Log::Known { next: bounds.first, last: bounds.last, missing: 0 },
            Err(_) => Log::Unknown,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::model::{Descriptor, Image, Lease, LeaseResource};
    use crate::storage::Txn;
    use crate::{CommitContent, CreateSnapshot, OpenContent};

    /// What is found in a book with a record of each kind after a change below the stores.
    fn found(change: impl Fn(&mut Txn<'_>)) -> Vec<String> {
        let store = Store::in_memory();
        let namespace = store.namespace("a");
        namespace.containers().create(&Container::new("web", "runc")).unwrap();
        namespace.sandboxes().create(&Sandbox::new("pod", "runc")).unwrap();
        let target = Descriptor::new("mt", format!("sha256:{}", "0".repeat(64)), 1);
        namespace.images().create(&Image::new("img", target)).unwrap();
        let mut writer = namespace.content().open(&OpenContent::new("r")).unwrap();
        namespace.content().commit(&mut writer, &CommitContent::default()).unwrap();
        namespace.content().open(&OpenContent::new("r")).unwrap();
        let snapshots = namespace.snapshots("native");
        snapshots.prepare("k", &CreateSnapshot::default()).unwrap();
        snapshots.commit("base", "k", &CreateSnapshot::default()).unwrap();
        snapshots.prepare("top", &CreateSnapshot { parent: "base".to_owned(), ..CreateSnapshot::default() }).unwrap();
        let leases = namespace.leases();
        leases.create(&Lease { id: "hold".to_owned(), ..Lease::default() }).unwrap();
        let held = LeaseResource { id: "img".to_owned(), kind: "images".to_owned(), ..LeaseResource::default() };
        leases.add_resource("hold", &held).unwrap();
        let changed = store.book.update(|txn| {
            change(txn);
            Ok(())
        });
        changed.unwrap();
        store.check().unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_intact_book_has_no_findings() {
        assert_eq!(found(|_| {}), [""; 0]);
    }

    #[test]
    fn a_half_without_the_other_is_found() {
        let without = |space, id: &[u8]| found(|txn| txn.delete(layout::record(space, b"a", id)));
        let head = r#"container "web" in namespace "a": its head is missing"#;
        assert_eq!(without(Space::ContainerHead, b"web"), [head]);
        let body = r#"sandbox "pod" in namespace "a": its body is missing"#;
        assert_eq!(without(Space::SandboxBody, b"pod"), [body]);
    }

    #[test]
    fn records_without_their_namespace_are_found() {
        let homeless = found(|txn| txn.delete(layout::namespace(b"a")));
        let what = [
            r#"container "web""#,
            r#"image "img""#,
            r#"lease "hold""#,
            r#"lease resource "img""#,
            r#"sandbox "pod""#,
            r#"content blob "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
            r#"content ingest "r""#,
            r#"snapshot "base""#,
            r#"snapshot "top""#,
            r#"child snapshot "top""#,
            r#"the counter "native""#,
        ];
        assert_eq!(homeless.len(), what.len());
        for (finding, what) in homeless.iter().zip(what) {
            assert!(finding.starts_with(&format!(r#"{what} in namespace "a""#)), "{finding}");
            assert!(finding.ends_with(": its namespace does not exist"), "{finding}");
        }
    }

    #[test]
    fn snapshots_that_do_not_know_each_other_are_found() {
        let key = |space, names: &[&str]| {
            let parts = ["a", "native"].iter().chain(names).map(|part| part.as_bytes()).collect::<Vec<_>>();
            layout::key(space, &parts)
        };
        let note = key(Space::SnapshotChild, &["base", "top"]);
        let top = r#"snapshot "top" in namespace "a" of snapshotter "native""#;
        assert_eq!(found(|txn| txn.delete(note.clone())), [format!("{top}: its parent does not know it")]);
        let base = key(Space::Snapshot, &["base"]);
        let child = r#"child snapshot "top" in namespace "a" of snapshotter "native" of parent "base""#;
        let parent = "its parent does not exist";
        assert_eq!(found(|txn| txn.delete(base.clone())), [format!("{top}: {parent}"), format!("{child}: {parent}")]);
        // Collected, as containerd leaves it.
        assert_eq!(found(|txn| txn.delete(key(Space::Snapshot, &["top"]))), [""; 0]);
    }

    #[test]
    fn records_under_another_key_are_found() {
        let moved = |space, from: &[&[u8]], to: &[&[u8]]| {
            found(|txn| {
                let mut value = Vec::new();
                let key = layout::key(space, from);
                let copied = crate::storage::Read::get(txn, &key, &mut |found| {
                    value = found.to_vec();
                    Ok(())
                });
                assert!(copied.unwrap());
                txn.put(layout::key(space, to), value);
            })
        };
        let digest = b"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let other = format!("sha256:{}", "1".repeat(64));
        let blobs = moved(Space::Blob, &[b"a", digest], &[b"a", other.as_bytes()]);
        assert!(
            matches!(blobs.as_slice(), [finding] if finding.ends_with("the record is that of another blob: data loss"))
        );
        let snapshots = moved(Space::Snapshot, &[b"a", b"native", b"base"], &[b"a", b"native", b"other"]);
        assert!(
            matches!(snapshots.as_slice(), [finding] if finding.ends_with("the record is that of another snapshot: data loss"))
        );
    }

    #[test]
    fn what_a_lease_held_that_is_gone_is_found() {
        let problem =
            r#"lease resource "img" in namespace "a" of lease "hold" of type "images": its lease does not exist"#;
        assert_eq!(found(|txn| txn.delete(layout::record(Space::Lease, b"a", b"hold"))), [problem]);
    }

    #[test]
    fn values_that_do_not_decode_are_found() {
        for (space, id) in [
            (Space::ContainerHead, "web"),
            (Space::ContainerBody, "web"),
            (Space::SandboxHead, "pod"),
            (Space::SandboxBody, "pod"),
            (Space::Image, "img"),
            (Space::Blob, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (Space::Ingest, "r"),
            (Space::Snapshot, "native\0\x01top"),
            (Space::Sequence, "native"),
            (Space::Lease, "hold"),
        ] {
            let key = layout::record(space, b"a", id.as_bytes());
            let findings = found(|txn| txn.put(key.clone(), b"\x0a\x01\xff".to_vec()));
            let [finding] = findings.as_slice() else { panic!("{findings:?}") };
            assert!(finding.starts_with(&layout::describe(&key)) && finding.ends_with("data loss"), "{finding}");
        }
    }
}
