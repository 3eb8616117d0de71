//! Operations of every kind on few names, so that they meet: whatever they do, the book stays whole, and the collector
//! takes nothing that is held.
#![no_main]
#![allow(missing_docs)]

use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;
use stowbook::gc::CollectOptions;
use stowbook::model::{Blob, Container, Descriptor, Image, Labels, Lease, LeaseResource, Sandbox, Snapshot};
use stowbook::{CommitContent, CreateSnapshot, DeleteImage, InNamespace, OpenContent, Store};

/// The digests of the bytes 0 to 3, each by itself.
const DIGESTS: [&str; 4] = [
    "sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "sha256:4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",
    "sha256:dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986",
    "sha256:084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5",
];

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::from(self.next()) % texts.len()]
    }

    fn name(&mut self) -> &'static str {
        self.one_of(&["a", "b", "c", "", "x/y", "a.b"])
    }

    fn blob(&mut self) -> String {
        self.one_of(&DIGESTS).to_owned()
    }

    fn labels(&mut self) -> Labels {
        let mut labels = Labels::new();
        for _ in 0..self.next() % 3 {
            let (key, value) = match self.next() % 9 {
                0 => ("containerd.io/gc.root", "1".to_owned()),
                1 => ("containerd.io/gc.expire", self.one_of(&["2001-01-01T00:00:00Z", "2199-01-01T00:00:00Z"]).to_owned()),
                2 => ("containerd.io/gc.flat", "1".to_owned()),
                3 => ("containerd.io/gc.ref.content.0", self.blob()),
                4 => ("containerd.io/gc.ref.snapshot.native/0", self.name().to_owned()),
                5 => ("containerd.io/gc.ref.image", self.name().to_owned()),
                6 => ("containerd.io/gc.bref.content", self.blob()),
                7 => ("containerd.io/namespace.shareable", "true".to_owned()),
                _ => ("k", self.name().to_owned()),
            };
            labels.insert(key.to_owned(), value);
        }
        labels
    }
}

/// One operation. What it answers is checked elsewhere: here only that it leaves the book whole.
fn operate(namespace: &InNamespace<'_, Store>, data: &mut Bytes<'_>) {
    let (op, name) = (data.next(), data.name());
    match op % 22 {
        0 => {
            let mut container = Container::new(name, "runc");
            (container.snapshotter, container.snapshot_key) = ("native".to_owned(), data.name().to_owned());
            container.labels = data.labels();
            drop(namespace.containers().create(&container));
        }
        1 => drop(namespace.containers().delete(name)),
        2 => {
            let mut image = Image::new(name, Descriptor::new("m", data.blob(), 1));
            image.labels = data.labels();
            drop(namespace.images().create(&image));
        }
        3 => {
            let image = Image { labels: data.labels(), ..Image::new(name, Descriptor::new("m", data.blob(), 1)) };
            drop(namespace.images().update(&image, &[]));
        }
        4 => {
            let mut options = DeleteImage::default();
            options.sync = data.next() % 2 == 0;
            drop(namespace.images().delete_with(name, &options));
        }
        5 => drop(namespace.leases().create(&Lease { id: name.to_owned(), labels: data.labels(), ..Lease::default() })),
        6 => drop(namespace.leases().delete(name)),
        7 | 8 => {
            let kind = data.one_of(&["content", "images", "ingests", "snapshots/native", "snapshots/", "x"]);
            let id = if kind == "content" { data.blob() } else { data.name().to_owned() };
            let resource = LeaseResource { id, kind: kind.to_owned(), ..LeaseResource::default() };
            if op % 22 == 7 {
                drop(namespace.leases().add_resource(name, &resource));
            } else {
                drop(namespace.leases().delete_resource(name, &resource));
            }
        }
        9 => drop(namespace.sandboxes().create(&Sandbox { labels: data.labels(), ..Sandbox::new(name, "runc") })),
        10 => drop(namespace.sandboxes().delete(name)),
        11 | 12 => {
            let content = namespace.content();
            let byte = data.next() % 4;
            let mut open = OpenContent::new(name);
            if data.next() % 2 == 0 {
                open.expected = DIGESTS[usize::from(byte)].to_owned();
            }
            let Ok(mut writer) = content.open(&open) else { return };
            if writer.status().is_ok_and(|status| status.offset == 0) {
                drop(writer.write(&[byte]));
            }
            if op % 22 == 11 {
                let mut commit = CommitContent::default();
                commit.labels = data.labels();
                drop(content.commit(&mut writer, &commit));
            }
        }
        13 => drop(namespace.content().delete(&data.blob())),
        14 => {
            let blob = Blob { digest: data.blob(), labels: data.labels(), ..Blob::default() };
            drop(namespace.content().update(&blob, &["labels"]));
        }
        15 => drop(namespace.content().abort(name)),
        16 | 17 => {
            let mut create = CreateSnapshot::default();
            create.parent = data.name().to_owned();
            create.labels = data.labels();
            let snapshots = namespace.snapshots("native");
            drop(if op % 22 == 16 { snapshots.prepare(name, &create) } else { snapshots.view(name, &create) });
        }
        18 => {
            let mut commit = CreateSnapshot::default();
            commit.labels = data.labels();
            drop(namespace.snapshots("native").commit(data.name(), name, &commit));
        }
        19 => drop(namespace.snapshots("native").remove(name)),
        20 => {
            let snapshot = Snapshot { name: name.to_owned(), labels: data.labels(), ..Snapshot::default() };
            drop(namespace.snapshots("native").update(&snapshot, &["labels"]));
        }
        _ => drop(namespace.leases().list(&[""])),
    }
}

fuzz_target!(|data: &[u8]| {
    let store = Store::in_memory();
    let mut data = Bytes(data);
    while !data.0.is_empty() {
        let scope = store.namespace(data.one_of(&["n", "m"]));
        let lease = data.next();
        let scope = if lease % 3 == 0 { scope.with_lease(data.name()) } else { scope };
        match lease {
            250.. => collect(&store),
            240.. => drop(store.namespaces().delete("m")),
            _ => operate(&scope, &mut data),
        }
    }
    assert_eq!(store.check().expect("memory does not fail"), []);
    collect(&store);
    assert_eq!(store.check().expect("memory does not fail"), []);
});

/// Collects, and looks for what was held and is gone.
fn collect(store: &Store) {
    let mut dry = CollectOptions::default();
    dry.dry_run = true;
    let told = store.collect(&dry).expect("memory does not fail");
    let done = store.collect(&CollectOptions::default()).expect("memory does not fail");
    assert_eq!(told, done, "a dry run tells what a real one does");
    let again = store.collect(&dry).expect("memory does not fail");
    for (before, after) in done.namespaces.iter().zip(&again.namespaces) {
        assert_eq!(after.removed, [], "once is enough");
        let exists = |kept: &[stowbook::gc::Reached]| -> BTreeSet<_> {
            kept.iter().filter(|reached| reached.exists).map(|reached| reached.resource.clone()).collect()
        };
        assert_eq!(exists(&before.kept), exists(&after.kept), "what is held stays");
    }
}
