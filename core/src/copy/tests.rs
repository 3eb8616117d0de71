use super::*;
use crate::model::{Any, Container, Descriptor, Image, Labels, Lease, LeaseResource, Namespace, Sandbox, Snapshot};
use crate::{CommitContent, CreateSnapshot, ErrorKind, OpenContent};

fn labels(key: &str, value: &str) -> Labels {
    [(key.to_owned(), value.to_owned())].into()
}

fn write_content(store: &Store, namespace: &str, bytes: &[u8]) -> String {
    let namespace = store.namespace(namespace);
    let content = namespace.content();
    let mut writer = content.open(&OpenContent::new("r")).unwrap();
    writer.write(bytes).unwrap();
    let commit = CommitContent { labels: labels("containerd.io/gc.root", "x"), ..CommitContent::default() };
    content.commit(&mut writer, &commit).unwrap().digest
}

/// A book with a record of each kind, in two namespaces.
fn full() -> (Store, String) {
    let store = Store::in_memory();
    let mut moby = Namespace::new("moby");
    moby.labels = labels("tier", "front");
    store.namespaces().create(&moby).unwrap();
    let digest = write_content(&store, "moby", &vec![7; 2_500_000]);
    let namespace = store.namespace("moby");
    let mut web = Container::new("web", "runc");
    web.labels = labels("role", "web");
    web.spec = Some(Any::new("t", b"{}".to_vec()));
    web.extensions.insert("x".into(), Any::new("u", b"v".to_vec()));
    namespace.containers().create(&web).unwrap();
    let target = Descriptor::new("application/vnd.oci.image.manifest.v1+json", digest.clone(), 2_500_000);
    namespace.images().create(&Image::new("example.com/a:1", target)).unwrap();
    namespace.leases().create(&Lease { id: "l".into(), labels: labels("a", "b"), ..Lease::default() }).unwrap();
    let resource = LeaseResource { id: digest.clone(), kind: "content".into(), ..LeaseResource::default() };
    namespace.leases().add_resource("l", &resource).unwrap();
    namespace.sandboxes().create(&Sandbox::new("box", "runc")).unwrap();
    let snapshots = namespace.snapshots("native");
    snapshots.prepare("unpack", &CreateSnapshot::default()).unwrap();
    snapshots.commit("base", "unpack", &CreateSnapshot::default()).unwrap();
    let on_base = CreateSnapshot { parent: "base".into(), labels: labels("containerd.io/snapshot/x", "y") };
    snapshots.prepare("s", &on_base).unwrap();
    snapshots.view("v", &on_base).unwrap();
    store.namespace("other").containers().create(&Container::new("api", "runc")).unwrap();
    (store, digest)
}

/// All records of a book, as it tells them.
fn told(store: &Store) -> Vec<String> {
    let mut out = Vec::new();
    for namespace in store.namespaces().list().unwrap() {
        let inside = store.namespace(&namespace.name);
        out.push(format!("{namespace:?}"));
        out.extend(inside.containers().list(&[""]).unwrap().iter().map(|record| format!("{record:?}")));
        out.extend(inside.images().list(&[""]).unwrap().iter().map(|record| format!("{record:?}")));
        out.extend(inside.leases().list(&[""]).unwrap().iter().map(|record| format!("{record:?}")));
        out.extend(inside.sandboxes().list(&[""]).unwrap().iter().map(|record| format!("{record:?}")));
        out.extend(inside.content().list(&[""]).unwrap().iter().map(|record| format!("{record:?}")));
        let snapshots = inside.snapshots("native").list(&[""]).unwrap().into_iter();
        out.extend(snapshots.map(|found| format!("{:?}", Snapshot { backend_name: String::new(), ..found })));
    }
    out
}

#[test]
fn everything_goes_over_and_a_second_time_nothing_is_new() {
    let (from, digest) = full();
    let to = Store::in_memory();
    let plan = to.copy_from(&from, &CopyOptions { dry_run: true, ..CopyOptions::default() }).unwrap();
    assert!(to.namespaces().list().unwrap().is_empty());
    let report = to.copy_from(&from, &CopyOptions::default()).unwrap();
    assert_eq!(plan, report, "what was planned was done");
    let made = [report.namespaces, report.containers, report.images, report.leases, report.sandboxes, report.blobs];
    assert_eq!((made, report.snapshots), ([2, 2, 1, 1, 1, 1], 3));
    assert!(report.not_kept.is_empty(), "{:?}", report.not_kept);
    let moby = to.namespace("moby");
    assert_eq!(to.namespaces().get("moby").unwrap().labels, labels("tier", "front"));
    assert_eq!(moby.leases().list(&[""]).unwrap().len(), 1, "the copy's own lease has gone");
    assert_eq!(moby.leases().resources("l").unwrap()[0].id, digest);
    let mut bytes = vec![0; 2_500_001];
    assert_eq!(moby.content().read_at(&digest, 0, &mut bytes).unwrap(), 2_500_000);
    assert!(bytes[..2_500_000].iter().all(|byte| *byte == 7));
    assert_eq!(told(&to), told(&from), "times and all");
    assert!(to.check().unwrap().is_empty());
    // The snapshotter knows them as it did.
    let base = CreateSnapshot { parent: "base".into(), ..CreateSnapshot::default() };
    moby.snapshots("native").prepare("more", &base).unwrap();
    assert_eq!(moby.snapshots("native").get("s").unwrap().parent, "base");
    moby.snapshots("native").remove("base").unwrap_err();

    let again = to.copy_from(&from, &CopyOptions::default()).unwrap();
    assert_eq!((again.unchanged, again.containers, again.namespaces, again.blobs, again.snapshots), (9, 0, 0, 0, 0));
    assert_eq!(moby.snapshots("native").list(&[""]).unwrap().len(), 4);
    let changed = Snapshot { name: "s".into(), labels: labels("a", "c"), ..Snapshot::default() };
    from.namespace("moby").snapshots("native").update(&changed, &["labels"]).unwrap();
    let error = to.copy_from(&from, &CopyOptions::default()).unwrap_err();
    assert_eq!(error.details()[0].value, r#"snapshot "s" in namespace "moby""#);

    // A place whose operations are all there is. What is being written is told, by its name.
    let place = Store::in_memory();
    let inside = from.namespace("moby");
    let mut writer = inside.content().open(&OpenContent::new("half")).unwrap();
    writer.write(b"half").unwrap();
    let report = copy(&from, &place, &CopyOptions::default()).unwrap();
    assert_eq!(
        report.not_kept,
        [
            r#"ingest "half" in namespace "moby": what is being written cannot be read before it is committed"#,
            r#"3 snapshots of "native" in namespace "moby": their files belong to the place"#,
            r#"5 records in namespace "moby": the place sets their times"#,
            r#"1 records in namespace "other": the place sets their times"#,
        ]
    );
    assert_eq!(place.namespace("moby").content().statuses(&[""]).unwrap(), []);
}

#[test]
fn conflicts_are_told_before_anything_is_written() {
    let (from, _) = full();
    let to = Store::in_memory();
    let mut other = Container::new("web", "other");
    other.labels = labels("role", "db");
    to.namespace("moby").containers().create(&other).unwrap();
    let mut moby = Namespace::new("moby");
    moby.labels = labels("tier", "back");
    to.namespaces().update(&moby, &["labels.tier"]).unwrap();
    let before = to.events().bounds().unwrap();

    let error = to.copy_from(&from, &CopyOptions::default()).unwrap_err();
    assert_eq!(
        (error.kind(), &*error.message()),
        (ErrorKind::AlreadyExists, "2 of the records to copy: already exists")
    );
    let conflicts = r#"label "tier" of namespace "moby"; container "web" in namespace "moby""#;
    assert_eq!((error.details()[0].name, &*error.details()[0].value), ("conflicts", conflicts));
    assert_eq!(to.events().bounds().unwrap(), before, "nothing was written");

    let options = CopyOptions { keep_existing: true, namespaces: vec!["moby".into()], ..CopyOptions::default() };
    let report = copy(&from, &to, &options).unwrap();
    assert_eq!((report.containers, report.images, report.conflicts.len()), (0, 1, 2));
    assert_eq!(to.namespace("moby").containers().get("web").unwrap().runtime.name, "other");
    assert_eq!(to.namespaces().list().unwrap().len(), 1, "only the one that was named");
    let missing = CopyOptions { namespaces: vec!["nosuch".into()], ..CopyOptions::default() };
    assert_eq!(copy(&from, &to, &missing).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn records_go_into_a_book_together_or_not_at_all() {
    let (from, _) = full();
    let to = Store::in_memory();
    let (mut survey, mut report) = survey::survey(&from, &to, &CopyOptions::default(), Keeps::Nothing).unwrap();
    // What the rules refuse, as a database may hold it.
    survey.namespaces[0].containers[0].runtime.name.clear();
    let error = to.write(|txn| write::records(txn, &survey, &mut report.clone())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(error.details().last().unwrap().value, r#"container "web" in namespace "moby""#);
    assert!(to.namespaces().list().unwrap().is_empty());
    // At a place without transactions those before it stay, and the error tells at which it stopped.
    write::records(&to, &survey, &mut report).unwrap_err();
    assert_eq!(to.namespace("moby").images().list(&[""]).unwrap().len(), 1);
}
