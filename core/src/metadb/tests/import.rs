//! Imports into a book, and what a book and a database say alike.

use super::damage::{fill, page_of};
use super::*;

/// Everything about containers and namespaces of a place.
fn contents<S: crate::ContainerStore + crate::NamespaceStore>(place: &S) -> Vec<(Namespace, Vec<Arc<Container>>)> {
    let namespaces = Namespaces::new(place).list().unwrap().into_iter();
    let contents = namespaces.map(|namespace| {
        let inside = InNamespace::new(place, Context::in_namespace(&namespace.name));
        let containers = inside.containers().list(&[""]).unwrap();
        (namespace, containers)
    });
    contents.collect()
}

/// All records of all other kinds, as text. Of snapshots what a database knows.
fn others<S>(place: &S) -> Vec<String>
where
    S: crate::ImageStore
        + crate::LeaseStore
        + crate::SandboxStore
        + crate::ContentStore
        + crate::SnapshotStore
        + crate::NamespaceStore,
{
    let mut out = Vec::new();
    for Namespace { name, .. } in Namespaces::new(place).list().unwrap() {
        let inside = InNamespace::new(place, Context::in_namespace(&name));
        let mut add = |kind: &str, record: &dyn std::fmt::Debug| out.push(format!("{name} {kind} {record:?}"));
        inside.images().list(&[""]).unwrap().iter().for_each(|image| add("image", image));
        inside.sandboxes().list(&[""]).unwrap().iter().for_each(|sandbox| add("sandbox", sandbox));
        for lease in inside.leases().list(&[""]).unwrap() {
            let mut resources = inside.leases().resources(&lease.id).unwrap();
            resources.sort();
            add("lease", &(lease, resources));
        }
        inside.content().list(&[""]).unwrap().iter().for_each(|blob| add("blob", blob));
        for snapshotter in ["native", "overlayfs"] {
            for mut snapshot in inside.snapshots(snapshotter).list(&[""]).unwrap() {
                assert_eq!(inside.snapshots(snapshotter).get(&snapshot.name).unwrap(), snapshot);
                snapshot.kind = crate::model::SnapshotKind::Unknown;
                add(snapshotter, &snapshot);
            }
        }
    }
    out
}

/// How many records of the kinds that `others` shows a place has, and of containers.
fn total(report: &crate::metadb::ImportReport) -> u64 {
    let counts = [report.containers, report.images, report.leases, report.sandboxes, report.blobs, report.snapshots];
    counts.iter().sum()
}

#[test]
fn an_import_is_exact_and_whole_or_nothing() {
    use crate::Store;
    use crate::metadb::ImportOptions;
    for name in FILES {
        let metadb = open(name);
        let book = Store::in_memory();
        let mut options = ImportOptions { dry_run: true, ..ImportOptions::default() };
        let planned = book.import_metadb(&metadb, &options).unwrap();
        assert!(book.namespaces().list().unwrap().is_empty(), "a dry run changes nothing");
        options.dry_run = false;
        assert_eq!(book.import_metadb(&metadb, &options).unwrap(), planned);
        assert_eq!(contents(&book), contents(&metadb), "{name}");
        assert_eq!(others(&book), others(&metadb), "{name}");
        assert_eq!(book.check().unwrap(), []);
        assert_eq!((planned.conflicts.len(), planned.unchanged), (0, 0));
        let containers: usize = contents(&book).iter().map(|(_, list)| list.len()).sum();
        assert_eq!(planned.containers as usize, containers);
        assert_eq!(total(&planned) as usize, containers + others(&book).len());

        // What is there already, as it is, is no conflict, and nothing is written for it.
        let events = book.events().bounds().unwrap();
        let again = book.import_metadb(&metadb, &options).unwrap();
        assert_eq!((total(&again), again.namespaces, again.unchanged), (0, 0, total(&planned) + planned.ingests));
        assert_eq!(book.events().bounds().unwrap(), events);
    }
}

#[test]
fn imported_snapshots_can_be_worked_with() {
    use crate::model::SnapshotKind;
    use crate::{CreateSnapshot, Store};
    let book = Store::in_memory();
    book.import_metadb(&open("containerd-1.7.27"), &crate::metadb::ImportOptions::default()).unwrap();
    let demo = book.namespace("demo");
    let snapshots = demo.snapshots("native");
    let kinds: Vec<_> = snapshots.list(&[""]).unwrap().into_iter().map(|one| (one.name, one.kind)).collect();
    assert_eq!(kinds, [("base".to_owned(), SnapshotKind::Committed), ("rw".to_owned(), SnapshotKind::Active)]);
    assert_eq!(snapshots.list(&["kind==active,parent==base"]).unwrap().len(), 1);
    assert_eq!(snapshots.mounts("rw").unwrap().len(), 1);
    let error = snapshots.remove("base").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition, "{error}");
    // The counter goes on, and the new one stands on an imported one.
    let on_base = CreateSnapshot { parent: "base".to_owned(), ..CreateSnapshot::default() };
    snapshots.prepare("new", &on_base).unwrap();
    assert_eq!(snapshots.get("new").unwrap().backend_name, "demo/4/new");
    snapshots.commit("done", "rw", &CreateSnapshot::default()).unwrap();
    assert_eq!(snapshots.get("done").unwrap().parent, "base");
    snapshots.remove("done").unwrap();
    snapshots.remove("new").unwrap();
    snapshots.remove("base").unwrap();
    assert_eq!(book.check().unwrap(), []);
    // The bytes of content are not in a database.
    let blob = &demo.content().list(&[""]).unwrap()[0];
    let error = demo.content().read_at(&blob.digest, 0, &mut [0; 5]).unwrap_err();
    assert_eq!(error.to_string(), format!("content {}: not found", blob.digest));
    demo.content().delete(&blob.digest).unwrap();
}

#[test]
fn owners_are_those_of_an_import() {
    for name in FILES {
        let metadb = open(name);
        let book = crate::Store::in_memory();
        book.import_metadb(&metadb, &crate::metadb::ImportOptions::default()).unwrap();
        let rules = crate::gc::CollectRules::Containerd23;
        let now = crate::model::Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let collected = metadb.collectable(rules, now).unwrap();
        let mut owners = 0;
        for reached in collected.namespaces.iter().flat_map(|namespace| &namespace.kept) {
            let found = metadb.owners(&reached.resource.id).unwrap();
            assert_eq!(found, book.owners(&reached.resource.id).unwrap(), "{name} {}", reached.resource);
            owners += found.iter().map(|owned| owned.owners.len()).sum::<usize>();
        }
        assert!(owners > 0, "{name}");
    }
}

#[test]
fn what_was_salvaged_can_be_imported() {
    use crate::Store;
    use crate::metadb::ImportOptions;
    let options = ImportOptions::default();
    // Of a file that is whole, it is the same import.
    for name in FILES {
        let (one, other) = (Store::in_memory(), Store::in_memory());
        let report = one.import_metadb(&open(name), &options).unwrap();
        let salvage = salvage(&file(&format!("{name}.db"))).unwrap();
        let salvaged = other.import_salvage(&salvage, &options).unwrap();
        assert_eq!(salvaged, report, "{name}");
        assert_eq!((contents(&one), others(&one)), (contents(&other), others(&other)), "{name}");
    }
    // Behind a damaged page the records come from the older state; what cannot be taken is told.
    let mut bytes = file("containerd-2.3.4.db");
    let page = page_of(&bytes, &[b"v1", b"team-a", b"containers"]);
    fill(&mut bytes, page);
    let book = Store::in_memory();
    let report = book.import_salvage(&salvage(&bytes).unwrap(), &options).unwrap();
    let whole = open("containerd-2.3.4");
    assert!(book.namespace("team-a").containers().list(&[""]).unwrap().is_empty());
    let lost = whole.namespace("team-a").containers().list(&[""]).unwrap().len();
    let told = |text: &&String| text.ends_with("container without its key: nothing leads to it");
    assert_eq!(report.left_out.iter().filter(told).count(), lost);
    assert_eq!(report.left_out.len(), lost);
    assert!(!report.doubtful.is_empty());
    assert_eq!(
        book.namespace("k8s.io").containers().list(&[""]).unwrap(),
        whole.namespace("k8s.io").containers().list(&[""]).unwrap()
    );
    assert_eq!(others(&book), others(&whole));
    assert_eq!(book.check().unwrap(), []);
    // What is odd about single records costs these only.
    let report = Store::in_memory().import_salvage(&salvage(&file("handmade.db")).unwrap(), &options).unwrap();
    assert_eq!(
        report.left_out,
        [
            "v1/odd/containers/full: has members that containerd 2.3 does not know",
            "v1/odd/images/no-target: unable to read target bucket",
        ]
    );
    assert_eq!((report.containers, report.snapshots, report.ingests), (1, 3, 1));
}

#[test]
fn an_import_tells_of_conflicts_before_it_writes() {
    use crate::Store;
    use crate::metadb::ImportOptions;
    let metadb = open("containerd-2.3.4");
    let book = Store::in_memory();
    let taken = metadb.namespace("moby").containers().list(&[""]).unwrap()[3].id.clone();
    book.namespace("moby").containers().create(&Container::new(&taken, "mine")).unwrap();
    let mut labelled = metadb.namespaces().get("k8s.io").unwrap();
    let (key, value) = labelled.labels.pop_first().unwrap();
    labelled.labels = [(key.clone(), format!("not {value}")), ("mine".to_owned(), "x".to_owned())].into();
    book.namespaces().create(&labelled).unwrap();
    let before = contents(&book);

    let mut options = ImportOptions::default();
    let error = book.import_metadb(&metadb, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let expected =
        [format!("label {key:?} of namespace \"k8s.io\""), format!("container {taken:?} in namespace \"moby\"")];
    assert_eq!(error.details()[0].value, expected.join("; "));
    assert_eq!(contents(&book), before);

    options.namespaces = vec!["none".to_owned()];
    assert_eq!(book.import_metadb(&metadb, &options).unwrap_err().kind(), ErrorKind::NotFound);
    options.namespaces = vec!["team-a".to_owned()];
    assert_eq!(book.import_metadb(&metadb, &options).unwrap().namespaces, 1);
    let team_a = metadb.namespace("team-a").containers().list(&[""]).unwrap();
    assert_eq!(book.namespace("team-a").containers().list(&[""]).unwrap(), team_a);

    options = ImportOptions { keep_existing: true, ..ImportOptions::default() };
    let report = book.import_metadb(&metadb, &options).unwrap();
    assert_eq!((report.namespaces, report.conflicts.len()), (2, 2));
    assert!(report.unchanged as usize > team_a.len());
    assert_eq!(book.namespace("moby").containers().get(&taken).unwrap().runtime.name, "mine");
    let labels = book.namespaces().get("k8s.io").unwrap().labels;
    assert_eq!((labels[&key].as_str(), labels["mine"].as_str()), (&*format!("not {value}"), "x"));
    assert_eq!(labels.len(), metadb.namespaces().get("k8s.io").unwrap().labels.len() + 1);
}
