//! Random operations at our server and at a real containerd: answers and events have to be the same.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Running;
use std::ops::ControlFlow;
use std::time::Duration;
use stowbook::model::{
    Any, Blob, Container, Descriptor, Envelope, Image, Lease, LeaseResource, Namespace, Sandbox, Snapshot,
};
use stowbook::proto::json::Spelling;
use stowbook::{
    CommitContent, ContainerStore as _, ContentStore as _, Context, CreateSnapshot, DeleteImage, Event,
    EventStore as _, ImageStore as _, LeaseStore as _, NamespaceStore as _, OpenContent, Result, SandboxStore as _,
    Since, SnapshotStore as _, Store,
};
use stowbook_grpc::{Remote, RemoteEvents};
use tokio::runtime::Runtime;

const SEQUENCES: u64 = 300;
const STEPS: usize = 12;
const PATIENCE: Option<Duration> = Some(Duration::from_secs(30));

/// splitmix64
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

const NAMES: [&str; 4] = ["a", "b", "c.d", "bad--name"];
const KEYS: [&str; 3] = ["x", "containerd.io/y", "z"];
const VALUES: [&str; 4] = ["1", "2", "", "front"];
const DIGESTS: [&str; 3] = [
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "sha256:486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7",
    "sha256:nonsense",
];
const BYTES: [&str; 2] = ["hello", "world"];
const FILTERS: [&str; 6] = ["", "labels.x==1", "id==a", "name~=[ab]", "labels.x,labels.z!=2", "labels=="];
const SNAPSHOTTER: &str = "native";

/// Which containerd the other one is.
#[derive(Clone, Copy, PartialEq)]
enum Version {
    V1_6,
    V2_3,
}

impl Version {
    /// `CONTAINERD_VERSION` tells.
    fn given() -> Self {
        match std::env::var("CONTAINERD_VERSION").unwrap().as_str() {
            "1.6" => Version::V1_6,
            "2.3" => Version::V2_3,
            other => panic!("containerd {other}"),
        }
    }
}

/// What is done to a server, and what it answers.
type Operation = Box<dyn Fn(&Remote) -> Result<String>>;

/// One operation: what it is called, and what it does to a server.
fn step(random: &mut Random, context: &Context, version: Version) -> (String, Operation) {
    let c = context.clone();
    let (name, other) = (random.one(&NAMES).to_owned(), random.one(&NAMES).to_owned());
    let (key, value) = (random.one(&KEYS).to_owned(), random.one(&VALUES).to_owned());
    let (digest, bytes, filter) = (random.one(&DIGESTS).to_owned(), random.one(&BYTES), random.one(&FILTERS));
    let labels = [(key.clone(), value.clone())];
    // 1.6 knows no sandboxes.
    let number = random.below(if version == Version::V1_6 { 30 } else { 35 });
    let told = format!("{number}: {name} {other} {key}={value} {digest} {bytes} {filter:?}");
    let field = format!("labels.{key}");
    let container = {
        let mut container = Container::new(&name, if value == "2" { "" } else { "runc" });
        container.labels.extend(labels.clone());
        container.spec = Some(Any::new("t", bytes));
        container.image = other.clone();
        container
    };
    let image = {
        let mut image = Image::new(&name, Descriptor::new("m", &digest, bytes.len() as i64));
        image.labels.extend(labels.clone());
        image
    };
    let under = random.one(&NAMES).to_owned();
    let sandbox = {
        let mut sandbox = Sandbox::new(&name, if value == "2" { "" } else { "runc" });
        sandbox.labels.extend(labels.clone());
        sandbox.sandboxer = bytes.to_owned();
        sandbox.extensions.insert(key.clone(), Any::new("t", bytes));
        sandbox
    };
    let boxed = |found: Sandbox| format!("{:?}", Sandbox { created_at: None, updated_at: None, ..found });
    let shown = |container: Container| format!("{:?}", Container { created_at: None, updated_at: None, ..container });
    let pictured = |image: Image| format!("{:?}", Image { created_at: None, updated_at: None, ..image });
    let blobbed = |blob: Blob| format!("{:?}", Blob { created_at: None, updated_at: None, ..blob });
    let snapped = |found: Snapshot| format!("{:?}", Snapshot { created_at: None, updated_at: None, ..found });
    let filters = move || [filter.as_bytes()];
    let mut parent = CreateSnapshot::default();
    parent.parent = if value.is_empty() { String::new() } else { other.clone() };
    parent.labels.extend(labels.clone());
    let operation: Operation = match number {
        0..=2 => Box::new(move |r| r.create_container(&c, &container).map(shown)),
        3 => Box::new(move |r| r.update_container(&c, &container, &[&field]).map(shown)),
        4 => Box::new(move |r| r.update_container(&c, &container, &["image", "nosuch"]).map(shown)),
        5 => Box::new(move |r| r.delete_container(&c, &name).map(|()| String::new())),
        6 => Box::new(move |r| r.get_container(&c, &name).map(shown)),
        7 => Box::new(move |r| {
            let mut all = String::new();
            r.list_containers(&c, &filters(), &mut |found| {
                all += &shown(found);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(all)
        }),
        8 | 9 => Box::new(move |r| r.create_image(&c, &image, None).map(pictured)),
        10 => Box::new(move |r| r.update_image(&c, &image, &[&field], None).map(pictured)),
        11 => Box::new(move |r| r.delete_image(&c, &name, &DeleteImage::default()).map(|()| String::new())),
        12 => Box::new(move |r| {
            let mut all = String::new();
            r.list_images(&c, &filters(), &mut |found| {
                all += &pictured(found);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(all)
        }),
        13 => Box::new(move |r| {
            let lease = Lease { id: name.clone(), labels: labels.clone().into(), ..Lease::default() };
            r.create_lease(&c, &lease).map(|lease| format!("{:?}", Lease { created_at: None, ..lease }))
        }),
        14 => Box::new(move |r| r.delete_lease(&c, &name, false).map(|()| String::new())),
        15 => Box::new(move |r| {
            let kind = if value.is_empty() { "nosuch" } else { "content" }.to_owned();
            let resource = LeaseResource { id: digest.clone(), kind, ..LeaseResource::default() };
            r.add_resource(&c, &name, &resource).map(|()| String::new())
        }),
        16 => Box::new(move |r| r.list_resources(&c, &name).map(|found| format!("{found:?}"))),
        17 | 18 => Box::new(move |r| {
            let mut writer = r.open_content(&c, &OpenContent::new(&name))?;
            if writer.status()?.offset > 0 {
                writer.clear()?;
            }
            writer.write(bytes.as_bytes())?;
            let mut commit = CommitContent::default();
            commit.labels.extend(labels.clone());
            r.commit_content(&mut writer, &commit).map(blobbed)
        }),
        19 => Box::new(move |r| r.get_blob(&c, &digest).map(blobbed)),
        20 => Box::new(move |r| {
            let blob = Blob { digest: digest.clone(), labels: labels.clone().into(), ..Blob::default() };
            r.update_blob(&c, &blob, &[&field]).map(blobbed)
        }),
        21 => Box::new(move |r| r.delete_blob(&c, &digest).map(|()| String::new())),
        22 => Box::new(move |r| {
            r.prepare_snapshot(&c, SNAPSHOTTER, &name, &parent).map(|mounts| mounts.len().to_string())
        }),
        23 => Box::new(move |r| {
            let mut commit = CreateSnapshot::default();
            commit.labels.extend(labels.clone());
            // 1.6 looks at no parent here. 2.3 takes a snapshot that stands on itself, and we do not.
            if version == Version::V2_3 && bytes == "world" && under != other {
                commit.parent.clone_from(&under);
            }
            // Under its own name, 1.6 looks into the record that it is about to make, and says so in other words.
            let into = if other == name && version == Version::V1_6 { "committed" } else { &other };
            r.commit_snapshot(&c, SNAPSHOTTER, into, &name, &commit).map(|()| String::new())
        }),
        24 => Box::new(move |r| r.remove_snapshot(&c, SNAPSHOTTER, &name).map(|()| String::new())),
        25 => Box::new(move |r| r.get_snapshot(&c, SNAPSHOTTER, &name).map(snapped)),
        26 => Box::new(move |r| {
            let mut namespace = Namespace::new(c.namespace.clone().unwrap());
            namespace.labels.extend(labels.clone());
            r.update_namespace(&namespace, &[&field]).map(|()| String::new())
        }),
        27 => Box::new(move |r| {
            let mut all = String::new();
            for found in r.list_snapshots(&c, SNAPSHOTTER, &filters())? {
                all += &snapped(found);
            }
            Ok(all)
        }),
        28 => {
            Box::new(move |r| r.view_snapshot(&c, SNAPSHOTTER, &name, &parent).map(|mounts| mounts.len().to_string()))
        }
        30 => Box::new(move |r| r.create_sandbox(&c, &sandbox).map(boxed)),
        31 => Box::new(move |r| r.update_sandbox(&c, &sandbox, &[&field]).map(boxed)),
        32 => Box::new(move |r| r.get_sandbox(&c, &name).map(boxed)),
        33 => Box::new(move |r| r.delete_sandbox(&c, &name).map(|()| String::new())),
        34 => Box::new(move |r| {
            let mut all = String::new();
            r.list_sandboxes(&c, &filters(), &mut |found| {
                all += &boxed(found);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(all)
        }),
        _ => Box::new(move |r| r.delete_namespace(c.namespace.as_deref().unwrap()).map(|()| String::new())),
    };
    (told, operation)
}

/// What the two versions say in other words: the vectors have the answers of both.
fn as_of_2_3(message: &str, version: Version) -> String {
    if version == Version::V1_6 { message.replace("Target.", "target.") } else { message.to_owned() }
}

/// What an event tells; of 1.6 only its topic, for its events have not all members.
fn told(envelope: Envelope, version: Version) -> String {
    let topic = envelope.topic.clone();
    match Event::from(envelope).payload(Spelling::Exact) {
        Some(payload) if version == Version::V2_3 => format!("{topic} {payload}"),
        _ => topic,
    }
}

/// The events that were told of in a namespace, up to the mark.
fn events_of(remote: &Remote, events: &mut RemoteEvents, namespace: &str, version: Version) -> Vec<String> {
    let mark = format!("/mark/{namespace}");
    remote.publish_event(&Context::in_namespace("marks"), &mark, &Any::new("mark", [])).unwrap();
    let mut all = Vec::new();
    loop {
        let envelope = events.next(PATIENCE).unwrap().unwrap().envelope;
        if envelope.topic == mark {
            return all;
        }
        // Only newer ones tell of it.
        let untold = version == Version::V1_6 && envelope.topic == "/content/create";
        if envelope.namespace == namespace && !untold {
            all.push(told(envelope, version));
        }
    }
}

/// `CONTAINERD_SOCKET` names a containerd of `CONTAINERD_VERSION` with the snapshotter `native`.
#[test]
#[ignore = "needs a running containerd: ci/containerd"]
fn random_sequences_are_answered_alike() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(async { Running::start(Store::in_memory()) });
    let ours = Remote::new(&server.path).unwrap();
    let theirs = Remote::new(std::env::var("CONTAINERD_SOCKET").unwrap()).unwrap();
    let version = Version::given();
    let remotes = [&ours, &theirs];
    let mut events = remotes.map(|remote| remote.events(Since::Now, &[""; 0]).unwrap());
    for (remote, events) in remotes.iter().zip(&mut events) {
        // containerd does not say when it begins to tell.
        while events.next(Some(Duration::from_millis(50))).unwrap().is_none() {
            remote.publish_event(&Context::in_namespace("marks"), "/begin", &Any::new("mark", [])).unwrap();
        }
    }
    let mut refused = 0;
    for seed in 0..SEQUENCES {
        let namespace = format!("d{seed}");
        let mut random = Random(seed);
        let mut told = Vec::new();
        for _ in 0..STEPS {
            let (what, operation) = step(&mut random, &Context::in_namespace(&namespace), version);
            told.push(what);
            let [here, there] = remotes
                .map(|remote| operation(remote).map_err(|error| (error.kind(), as_of_2_3(&error.message(), version))));
            refused += u32::from(here.is_err());
            assert_eq!(here, there, "sequence {seed}: {told:#?}");
        }
        let here = events_of(&ours, &mut events[0], &namespace, version);
        let there = events_of(&theirs, &mut events[1], &namespace, version);
        assert_eq!(here, there, "events of sequence {seed}: {told:#?}");
    }
    println!("{SEQUENCES} sequences of {STEPS} operations, {refused} refused, all answered alike");
    drop(runtime.block_on(server.stop()));
}
