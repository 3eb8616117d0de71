//! What a daemon answers, and what its database says: a real containerd is filled over its socket and with ctr, in a folder of
//! its own, and its `meta.db` is read while it runs and after it was stopped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use stowbook::bolt::FileSource;
use stowbook::metadb::{ImportOptions, MetaDb, Severity, check};
use stowbook::model::{Any, Container, Descriptor, Image, Labels, Lease, LeaseResource, Sandbox, SnapshotKind};
use stowbook::{
    ContainerStore, Context, CreateSnapshot, ErrorKind, ImageStore, InNamespace, LeaseStore, NamespaceStore,
    Namespaces, SandboxStore, SnapshotStore, Store,
};
use stowbook_grpc::Remote;

/// A daemon, which is ended with this.
struct Daemon {
    child: Child,
    folder: PathBuf,
}

impl Daemon {
    fn start(folder: &Path) -> Self {
        let path = |name: &str| folder.join(name);
        let config = format!(
            "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = {:?}\n\
             [plugins.\"io.containerd.gc.v1.scheduler\"]\nstartup_delay = \"1h\"\nmutation_threshold = 0\n",
            path("root"),
            path("state"),
            path("socket")
        );
        std::fs::write(path("config.toml"), config).unwrap();
        let log = std::fs::File::create(path("log")).unwrap();
        let mut command = Command::new("containerd");
        let child = command.arg("--config").arg(path("config.toml")).stderr(log).spawn().unwrap();
        let daemon = Daemon { child, folder: folder.to_owned() };
        let mut tries = 0..200;
        while Remote::new(path("socket")).unwrap().list_namespaces().is_err() {
            assert!(tries.next().is_some(), "{}", std::fs::read_to_string(path("log")).unwrap());
            pause(50);
        }
        daemon
    }

    /// 1.6 has none.
    fn has_sandboxes(&self) -> bool {
        let listed =
            self.remote().list_sandboxes(&Context::in_namespace("default"), &[], &mut |_| Ok(ControlFlow::Break(())));
        listed.map_err(|error| assert_eq!(error.kind(), ErrorKind::NotImplemented)).is_ok()
    }

    fn remote(&self) -> Remote {
        Remote::new(self.folder.join("socket")).unwrap()
    }

    fn database(&self) -> PathBuf {
        self.folder.join("root/io.containerd.metadata.v1.bolt/meta.db")
    }

    fn ctr(&self, namespace: &str, arguments: &[&str], input: &str) -> String {
        let file = self.folder.join("input");
        std::fs::write(&file, input).unwrap();
        let mut command = Command::new("ctr");
        command.arg("--address").arg(self.folder.join("socket")).args(["--namespace", namespace]).args(arguments);
        let output = command.stdin(std::fs::File::open(file).unwrap()).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{command:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks it to end, and waits until it has.
    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(clippy::disallowed_methods, reason = "a daemon takes its time")]
fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// A small generator of numbers: what fails must fail again.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    }
}

const LAYER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
const NAMESPACES: [&str; 3] = ["default", "k8s.io", "team-a"];

fn fill(daemon: &Daemon) {
    let remote = daemon.remote();
    let has_sandboxes = daemon.has_sandboxes();
    let mut next = numbers(5);
    let labels = |next: &mut dyn FnMut(usize) -> usize| -> Labels {
        (0..next(4)).map(|number| (format!("l{number}/\u{e9}"), format!("v {}", next(9)))).collect()
    };
    for name in NAMESPACES {
        let pairs: Vec<String> = labels(&mut next).iter().map(|(key, value)| format!("{key}={value}")).collect();
        let create: Vec<&str> =
            ["namespaces", "create", name].into_iter().chain(pairs.iter().map(String::as_str)).collect();
        daemon.ctr(name, &create, "");
        let inside = InNamespace::new(&remote, Context::in_namespace(name));
        for number in 0..2 + next(3) {
            let text = format!("content {number} of {name}");
            daemon.ctr(name, &["content", "ingest", &format!("ref{number}")], &text);
        }
        let digests = daemon.ctr(name, &["content", "ls", "-q"], "");
        let digests: Vec<&str> = digests.lines().collect();
        daemon.ctr(name, &["content", "label", digests[0], "role=config", "containerd.io/gc.root=x"], "");
        for number in 0..20 + next(20) {
            let target = Descriptor {
                annotations: labels(&mut next),
                ..Descriptor::new("application/x", digests[number % digests.len()], 1 + next(1 << 40) as i64)
            };
            let image =
                Image { labels: labels(&mut next), ..Image::new(format!("example.test/{number}:{number}"), target) };
            inside.images().create(&image).unwrap();
        }
        for number in 0..3 + next(4) {
            let id = format!("lease{number}");
            inside.leases().create(&Lease { id: id.clone(), labels: labels(&mut next), ..Lease::default() }).unwrap();
            for (kind, held) in [("content", digests[0]), ("ingests", "a ref"), ("snapshots/native", LAYER)] {
                if next(3) > 0 {
                    let resource =
                        LeaseResource { id: held.to_owned(), kind: kind.to_owned(), ..LeaseResource::default() };
                    inside.leases().add_resource(&id, &resource).unwrap();
                }
            }
        }
        let snapshots = inside.snapshots("native");
        let mut on = CreateSnapshot::default();
        for number in 0..4 {
            // A layer has its digest for a key, as containerd's unpacking makes it.
            let (active, layer) = (format!("active{number}"), format!("sha256:{number:064x}"));
            on.labels = labels(&mut next);
            snapshots.prepare(&active, &on).unwrap();
            if next(4) > 0 {
                snapshots.commit(&layer, &active, &CreateSnapshot::default()).unwrap();
                on.parent = layer;
            }
        }
        for number in 0..if has_sandboxes { 3 + next(9) } else { 0 } {
            let mut sandbox = Sandbox::new(format!("s{number}"), ["io.containerd.runc.v2", "kata"][next(2)]);
            sandbox.labels = labels(&mut next);
            sandbox.sandboxer = ["", "podsandbox"][next(2)].to_owned();
            sandbox.spec = (next(2) > 0).then(|| Any::new("t", vec![0xff; next(3000)]));
            sandbox.runtime.options = (next(2) > 0).then(|| Any::new("o", "options"));
            for extension in 0..next(3) {
                sandbox.extensions.insert(format!("e{extension}"), Any::new("t", vec![0xff, next(256) as u8]));
            }
            inside.sandboxes().create(&sandbox).unwrap();
        }
        for number in 0..30 + next(30) {
            let id = format!("c{number}");
            let mut container = Container::new(&id, ["io.containerd.runc.v2", "io.containerd.kata.v2"][next(2)]);
            container.labels = labels(&mut next);
            container.image = format!("example.test/{}:1", next(9));
            if next(2) > 0 {
                snapshots.prepare(&id, &CreateSnapshot::default()).unwrap();
                (container.snapshotter, container.snapshot_key) = ("native".to_owned(), id.clone());
            }
            let spec = format!("{{\"ociVersion\":\"1.0.2\",\"hostname\":\"{}\"}}", "x".repeat(next(6000)));
            container.spec = Some(Any::new(stowbook::oci::SPEC_TYPE_URL, spec.into_bytes()));
            for extension in 0..next(3) {
                container.extensions.insert(format!("e{extension}"), Any::new("t", vec![0xff, next(256) as u8]));
            }
            inside.containers().create(&container).unwrap();
            match next(5) {
                0 => {
                    container.labels.insert("changed".to_owned(), "yes".to_owned());
                    inside.containers().update(&container, &["labels.changed"]).unwrap();
                }
                1 => inside.containers().delete(&id).unwrap(),
                _ => {}
            }
        }
    }
}

/// What a place answers to all that both can be asked.
fn answers<S>(place: &S, has_sandboxes: bool) -> Vec<String>
where
    S: ContainerStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore,
{
    let mut out = Vec::new();
    let namespaces = Namespaces::new(place).list().unwrap();
    for namespace in &namespaces {
        out.push(format!("{namespace:?} {:?}", Namespaces::new(place).get(&namespace.name).unwrap()));
        let inside = InNamespace::new(place, Context::in_namespace(&namespace.name));
        let mut add =
            |kind: &str, record: &dyn std::fmt::Debug| out.push(format!("{} {kind} {record:?}", namespace.name));
        let filters = ["", "labels.changed", "id~=^c1", "runtime.name==io.containerd.kata.v2,labels.\"l0/\u{e9}\"!=v"];
        for filter in filters {
            for container in inside.containers().list(&[filter]).unwrap() {
                let mut container = Arc::unwrap_or_clone(container);
                // 1.6 answers options that are not there with empty ones.
                container.runtime.options.take_if(|options| *options == Any::default());
                let mut same = Arc::unwrap_or_clone(inside.containers().get(&container.id).unwrap());
                same.runtime.options.take_if(|options| *options == Any::default());
                assert_eq!(same, container);
                add(filter, &container);
            }
        }
        for filter in ["", "name~=1$", "target.digest~=^sha256:[0-7],labels.\"l1/\u{e9}\""] {
            inside.images().list(&[filter]).unwrap().iter().for_each(|image| add(filter, image));
        }
        for lease in inside.leases().list(&[""]).unwrap() {
            let mut resources = inside.leases().resources(&lease.id).unwrap();
            resources.sort();
            add("lease", &(lease, resources));
        }
        for filter in if has_sandboxes { &["", "id~=1$", "labels.\"l0/\u{e9}\""][..] } else { &[] } {
            for sandbox in inside.sandboxes().list(&[filter]).unwrap() {
                assert_eq!(inside.sandboxes().get(&sandbox.id).unwrap(), sandbox);
                add(filter, &sandbox);
            }
        }
        for filter in ["", &format!("parent=={LAYER}"), "labels.\"l0/\u{e9}\""] {
            for mut snapshot in inside.snapshots("native").list(&[filter]).unwrap() {
                // The one is what only the snapshotter knows, the other what a daemon tells nobody.
                snapshot.kind = SnapshotKind::Unknown;
                snapshot.backend_name.clear();
                add(filter, &snapshot);
            }
        }
    }
    assert!(out.len() > 400 && namespaces.len() == NAMESPACES.len(), "so few are no test: {}", out.len());
    out
}

/// The kinds of all snapshots.
fn kinds<S: SnapshotStore>(place: &S) -> Vec<(String, SnapshotKind)> {
    let list =
        |name: &&str| InNamespace::new(place, Context::in_namespace(*name)).snapshots("native").list(&[""]).unwrap();
    NAMESPACES.iter().flat_map(list).map(|snapshot| (snapshot.name, snapshot.kind)).collect()
}

#[test]
#[ignore = "needs containerd 1.6 or 2.3 and ctr, and to be root"]
fn a_database_says_what_its_daemon_said() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    fill(&daemon);
    let has_sandboxes = daemon.has_sandboxes();
    let told = answers(&daemon.remote(), has_sandboxes);
    let kinds_told = kinds(&daemon.remote());
    let content = NAMESPACES.map(|name| daemon.ctr(name, &["content", "ls", "-q"], ""));
    let database = daemon.database();

    // While it runs.
    assert_eq!(answers(&MetaDb::open(&database).unwrap(), has_sandboxes), told);
    daemon.stop();
    let metadb = MetaDb::open(&database).unwrap();
    assert_eq!(answers(&metadb, has_sandboxes), told);
    for (name, digests) in NAMESPACES.iter().zip(content) {
        let blobs = metadb.namespace(*name).content().list(&[""]).unwrap();
        assert_eq!(blobs.iter().map(|blob| format!("{}\n", blob.digest)).collect::<String>(), digests);
        assert_eq!(blobs.iter().filter(|blob| blob.labels.contains_key("role")).count(), 1);
        assert!(blobs.iter().all(|blob| blob.size == "content 0 of ".len() as i64 + name.len() as i64));
    }
    let damage = check(&FileSource::open(&database).unwrap()).unwrap();
    assert!(damage.iter().all(|finding| finding.severity != Severity::Damage), "{damage:?}");

    // A book that took it over answers the same.
    let book = Store::in_memory();
    let report = book.import_metadb(&metadb, &ImportOptions::default()).unwrap();
    assert_eq!(answers(&book, has_sandboxes), told);
    assert_eq!(kinds(&book), kinds_told);
    assert_eq!(kinds_told.iter().map(|(_, kind)| *kind as i32).collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(has_sandboxes, report.sandboxes > 0);
    println!(
        "{} answers; {} containers, {} sandboxes, {} snapshots imported",
        told.len(),
        report.containers,
        report.sandboxes,
        report.snapshots
    );
}

#[test]
#[ignore = "needs containerd 1.6 or 2.3 and ctr, and to be root"]
fn a_database_is_read_while_its_daemon_writes() {
    const WRITTEN: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path());
    let remote = daemon.remote();
    daemon.ctr("live", &["namespaces", "create", "live"], "");
    let (database, done) = (daemon.database(), AtomicBool::new(false));
    let (mut read, mut before, mut aborted, mut states) = (0, 0, 0, BTreeSet::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let inside = InNamespace::new(&remote, Context::in_namespace("live"));
            for number in 0..WRITTEN {
                let mut container = Container::new(format!("c{number:04}"), "runc");
                container.labels.insert("number".to_owned(), number.to_string());
                container.spec = Some(Any::new("t", vec![number as u8; number * 7 % 3000]));
                inside.containers().create(&container).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        loop {
            let last = done.load(Ordering::Acquire);
            let metadb = MetaDb::open(&database).unwrap();
            match metadb.namespace("live").containers().list(&[""]) {
                Ok(list) => {
                    // One state: all that were made until then, whole.
                    for (number, container) in list.iter().enumerate() {
                        assert_eq!(container.id, format!("c{number:04}"));
                        assert_eq!(container.labels["number"], number.to_string());
                        assert_eq!(container.spec.as_ref().unwrap().value, vec![number as u8; number * 7 % 3000]);
                    }
                    assert!(list.len() >= before, "{} {before}", list.len());
                    before = list.len();
                    states.insert(before);
                    read += 1;
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Aborted, "{error}");
                    aborted += 1;
                }
            }
            let findings = check(&FileSource::open(&database).unwrap()).unwrap_or_default();
            assert!(findings.iter().all(|finding| finding.severity != Severity::Damage), "{findings:?}");
            if last {
                break;
            }
        }
    });
    assert_eq!(before, WRITTEN);
    assert!(states.len() > 5 && read > aborted, "{read} readings of {} states, {aborted} aborted", states.len());
    println!("{read} readings of {} states while {WRITTEN} records were written, {aborted} aborted", states.len());
}
