//! What the parts do together, on generated messages and against prost.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use prost::{Message as _, Name as _};
use prost_types::{Any, Timestamp};

use super::generated::containerd::services::containers::v1::container::Runtime;
use super::generated::containerd::services::containers::v1::{Container, ListContainersResponse};
use super::generated::{containerd, google, grpc, io, runtimeoptions, types as v0};
use super::unknown::Step;
use super::*;

fn any_value() -> impl Strategy<Value = Any> {
    (".{0,8}", prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(type_url, value)| Any { type_url, value })
}

fn time() -> impl Strategy<Value = Timestamp> {
    (any::<i64>(), any::<i32>()).prop_map(|(seconds, nanos)| Timestamp { seconds, nanos })
}

fn container() -> impl Strategy<Value = Container> {
    let runtime = (".{0,8}", prop::option::of(any_value())).prop_map(|(name, options)| Runtime { name, options });
    (
        (".{0,8}", ".{0,8}", ".{0,8}", ".{0,8}", ".{0,8}"),
        prop::collection::btree_map(".{0,4}", ".{0,4}", 0..4),
        prop::option::of(runtime),
        prop::option::of(any_value()),
        (prop::option::of(time()), prop::option::of(time())),
        prop::collection::btree_map(".{0,4}", any_value(), 0..4),
    )
        .prop_map(|(texts, labels, runtime, spec, times, extensions)| {
            let (id, image, snapshotter, snapshot_key, sandbox) = texts;
            let (created_at, updated_at) = times;
            Container {
                id,
                labels,
                image,
                runtime,
                spec,
                snapshotter,
                snapshot_key,
                created_at,
                updated_at,
                extensions,
                sandbox,
            }
        })
}

/// Bytes that are nearly a container: damage that random bytes would never come to.
fn nearly_a_container() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 0..6);
    (container(), changes, any::<Index>(), any::<bool>()).prop_map(|(container, changes, cut, whole)| {
        let mut bytes = container.encode_to_vec();
        for (place, byte) in changes {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
        }
        if !whole && !bytes.is_empty() {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

/// Whether there is a map in a message. prost reads one whatever wire type its tag has, so it is no measure there.
fn has_map(schema: &schema::Schema) -> bool {
    schema.fields.iter().any(|field| match field.kind {
        schema::Kind::Map(_) => true,
        schema::Kind::Message(schema) => has_map(schema),
        _ => false,
    })
}

/// What holds of any bytes, whatever message they are taken for.
fn check<M: Described>(bytes: &[u8]) {
    let by_prost = M::decode(bytes);
    let (message, unknown) = match decode::<M>("it", bytes) {
        Ok(decoded) => decoded,
        Err(error) => {
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.message().starts_with("it: malformed protobuf at byte "), "{error}");
            assert!(by_prost.is_err() || has_map(M::SCHEMA), "prost reads what we refuse: {error}");
            assert!(UnknownFields::collect(bytes, M::SCHEMA).is_err());
            return;
        }
    };
    match by_prost {
        // By their bytes, which even a number that is none has equal.
        Ok(by_prost) if unknown.is_empty() || !has_map(M::SCHEMA) => {
            assert_eq!(message.encode_to_vec(), by_prost.encode_to_vec());
        }
        Err(error) => {
            let (known, _) = UnknownFields::split(bytes, M::SCHEMA).unwrap();
            assert_ne!(&*known, bytes, "prost refuses what we take for known: {error}");
        }
        _ => {}
    }
    assert_eq!(UnknownFields::collect(bytes, M::SCHEMA).unwrap(), unknown);
    let canonical = encode(&message, &unknown);
    let (again, unknown_again) = decode::<M>("it", &canonical).unwrap();
    assert_eq!(unknown_again, unknown);
    assert_eq!(encode(&again, &unknown_again), canonical);
}

fn check_all(bytes: &[u8]) {
    check::<Container>(bytes);
    check::<ListContainersResponse>(bytes);
    check::<containerd::services::containers::v1::UpdateContainerRequest>(bytes);
    check::<containerd::services::tasks::v1::CreateTaskRequest>(bytes);
    check::<containerd::services::sandbox::v1::StoreCreateRequest>(bytes);
    check::<containerd::runtime::bootstrap::v1::BootstrapResult>(bytes);
    check::<io::containerd::cgroups::v2::Metrics>(bytes);
    check::<v0::StatsResponse>(bytes);
    check::<v0::Container>(bytes);
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        check_all(&bytes);
    }

    #[test]
    fn nearly_valid_bytes_are_taken_or_refused(bytes in nearly_a_container()) {
        check_all(&bytes);
        let mut list = Vec::new();
        wire::put_bytes(&mut list, 1, &bytes);
        wire::put_bytes(&mut list, 1, &bytes);
        check_all(&list);
    }

    #[test]
    fn what_prost_writes_is_all_known(container in container()) {
        let bytes = container.encode_to_vec();
        let (decoded, unknown) = decode::<Container>("container", &bytes).unwrap();
        prop_assert!(unknown.is_empty());
        prop_assert_eq!(encode(&decoded, &unknown), bytes);
        prop_assert_eq!(decoded, container);
    }
}

/// A container with something at every level.
fn full() -> Container {
    let value = |name: &str| Any { type_url: name.into(), value: b"{}".to_vec() };
    Container {
        id: "web".into(),
        labels: BTreeMap::from([("role".into(), "web".into()), ("empty".into(), String::new())]),
        image: "nginx".into(),
        runtime: Some(Runtime { name: "io.containerd.runc.v2".into(), options: Some(value(type_urls::RUNC_OPTIONS)) }),
        spec: Some(value(type_urls::SPEC)),
        snapshotter: "overlayfs".into(),
        snapshot_key: "web".into(),
        created_at: Some(Timestamp { seconds: -62_135_596_800, nanos: 0 }),
        updated_at: Some(Timestamp { seconds: 1_700_000_000, nanos: 999_999_999 }),
        extensions: BTreeMap::from([("a".into(), value("x")), ("b".into(), Any::default())]),
        sandbox: "pod".into(),
    }
}

#[test]
fn a_message_cut_at_any_byte_is_whole_records_or_an_error() {
    let bytes = full().encode_to_vec();
    let ends: Vec<usize> = wire::Reader::new(&bytes).map(|record| record.unwrap().end()).collect();
    for length in 0..bytes.len() {
        let cut = &bytes[..length];
        check::<Container>(cut);
        let whole = length == 0 || ends.contains(&length);
        assert_eq!(UnknownFields::collect(cut, Container::SCHEMA).is_ok(), whole, "cut at {length}");
    }
}

fn numbered(number: u32, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    wire::put_number(&mut out, number, value);
    out
}

fn inside(number: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    wire::put_bytes(&mut out, number, &parts.concat());
    out
}

#[test]
fn keeps_what_is_unknown_at_each_level() {
    let unknown = |value| numbered(99, value);
    let options = inside(2, &[&unknown(1), &inside(1, &[b"url"])]);
    let runtime = inside(4, &[&unknown(2), &options, &inside(1, &[b"runc"])]);
    let extension = inside(10, &[&inside(1, &[b"x"]), &inside(2, &[&unknown(3)])]);
    let time = inside(8, &[&numbered(1, 7), &unknown(4)]);
    let bytes = [unknown(5), runtime, extension, time, inside(1, &[b"web"]), numbered(100, 6)].concat();

    let (container, fields) = decode::<Container>("container", &bytes).unwrap();
    assert_eq!(container.runtime.as_ref().unwrap().name, "runc");
    assert_eq!(container.extensions["x"], Any::default());
    assert_eq!(fields.own(), [unknown(5), numbered(100, 6)].concat());
    assert_eq!(fields.at(&[]), fields.own());
    assert_eq!(fields.at(&[Step::Field(4)]), unknown(2));
    assert_eq!(fields.at(&[Step::Field(4), Step::Field(2)]), unknown(1));
    assert_eq!(fields.at(&[Step::entry(10, "x")]), unknown(3));
    assert_eq!(fields.at(&[Step::Field(8)]), unknown(4));
    assert_eq!(fields.at(&[Step::Field(5)]), b"");

    let canonical = [
        inside(1, &[b"web"]),
        inside(4, &[&inside(1, &[b"runc"]), &inside(2, &[&inside(1, &[b"url"]), &unknown(1)]), &unknown(2)]),
        inside(8, &[&numbered(1, 7), &unknown(4)]),
        inside(10, &[&inside(1, &[b"x"]), &inside(2, &[&unknown(3)])]),
        unknown(5),
        numbered(100, 6),
    ];
    assert_eq!(encode(&container, &fields), canonical.concat());
    check::<Container>(&bytes);
}

#[test]
fn what_is_unknown_goes_with_the_part_it_was_in() {
    let unknown = numbered(99, 1);
    let bytes = [inside(4, &[&unknown]), inside(10, &[&inside(1, &[b"x"]), &inside(2, &[&unknown])])].concat();
    let (mut container, mut fields) = decode::<Container>("container", &bytes).unwrap();
    container.extensions.clear();
    assert_eq!(encode(&container, &fields), inside(4, &[&unknown]));

    // A request's container becomes a record.
    let mut request = UnknownFields::default();
    request.set(Step::Field(1), fields.clone());
    assert_eq!(request.take(&Step::Field(1)), fields);
    assert!(request.is_empty());

    assert!(!fields.take(&Step::Field(4)).is_empty());
    fields.set(Step::entry(10, "x"), UnknownFields::default());
    assert!(fields.is_empty());
}

#[test]
fn items_of_a_list_keep_their_own() {
    let item = |id: &[u8], more: &[u8]| inside(1, &[&inside(1, &[id]), more]);
    let bytes = [item(b"a", &[]), item(b"b", &numbered(99, 1)), item(b"c", &inside(4, &[&numbered(98, 2)]))].concat();
    let (list, fields) = decode::<ListContainersResponse>("list", &bytes).unwrap();
    assert_eq!(fields.at(&[Step::Item(1, 0)]), b"");
    assert_eq!(fields.at(&[Step::Item(1, 1)]), numbered(99, 1));
    assert_eq!(fields.at(&[Step::Item(1, 2), Step::Field(4)]), numbered(98, 2));
    assert_eq!(encode(&list, &fields), bytes);
}

#[test]
fn a_message_in_two_pieces_is_one() {
    let piece = |name: &[u8], value| inside(4, &[&inside(1, &[name]), &numbered(99, value)]);
    let bytes = [piece(b"a", 1), piece(b"b", 2)].concat();
    let (container, fields) = decode::<Container>("container", &bytes).unwrap();
    assert_eq!(container.runtime.as_ref().unwrap().name, "b");
    assert_eq!(fields.at(&[Step::Field(4)]), [numbered(99, 1), numbered(99, 2)].concat());
    check::<Container>(&bytes);
}

#[test]
fn a_later_entry_of_a_map_replaces_an_earlier_one() {
    let entry = |value: &[u8]| inside(10, &[&inside(1, &[b"x"]), &inside(2, &[value])]);
    let first = entry(&numbered(99, 1));
    let (_, fields) = decode::<Container>("it", &[first.clone(), entry(&numbered(99, 2))].concat()).unwrap();
    assert_eq!(fields.at(&[Step::entry(10, "x")]), numbered(99, 2));
    let (_, fields) = decode::<Container>("it", &[first, entry(b"")].concat()).unwrap();
    assert!(fields.is_empty());
}

#[test]
fn an_entry_is_found_by_its_last_key_in_whatever_form() {
    use schema::{Field, Kind, MapEntry, Schema};
    const INNER: &Schema = &Schema { name: "inner", fields: &[] };
    const BY_NUMBER: &MapEntry = &MapEntry { key: Kind::Varint, value: Kind::Message(INNER) };
    const BY_NAME: &MapEntry = &MapEntry { key: Kind::String, value: Kind::Message(INNER) };
    const FIELDS: &[Field] = &[Field::many(1, "n", Kind::Map(BY_NUMBER)), Field::many(2, "s", Kind::Map(BY_NAME))];
    let schema = Schema { name: "outer", fields: FIELDS };
    let value = inside(2, &[&numbered(9, 1)]);
    let bytes = [
        inside(1, &[&numbered(1, 0), &value]),
        inside(1, &[b"\x08\x85\x00", &value]),
        inside(2, &[&inside(1, &[b"a"]), &value, &inside(1, &[b"b"])]),
    ];
    let fields = UnknownFields::collect(&bytes.concat(), &schema).unwrap();
    for step in [Step::Entry(1, vec![]), Step::Entry(1, vec![5]), Step::entry(2, "b")] {
        assert_eq!(fields.at(std::slice::from_ref(&step)), numbered(9, 1), "{step:?}");
    }
    assert_eq!(fields.at(&[Step::entry(2, "a")]), b"");
    let known = [inside(1, &[]), inside(1, &[&numbered(1, 5)]), inside(2, &[&inside(1, &[b"b"])])].concat();
    let joined =
        [inside(1, &[&value]), inside(1, &[&numbered(1, 5), &value]), inside(2, &[&inside(1, &[b"b"]), &value])];
    assert_eq!(fields.join(known, &schema), joined.concat());
}

#[test]
fn an_entry_of_a_map_has_no_place_for_unknown_fields() {
    // A key of the wrong wire type, a field 3 and a group: Go passes over all of them.
    let bytes = inside(2, &[&inside(1, &[b"k"]), &numbered(1, 5), &numbered(3, 1), b"\x23\x24", &inside(2, &[b"v"])]);
    let (container, fields) = decode::<Container>("container", &bytes).unwrap();
    assert_eq!(container.labels, BTreeMap::from([("k".into(), "v".into())]));
    assert!(fields.is_empty());
    check::<Container>(&bytes);
}

#[test]
fn a_known_number_of_another_wire_type_is_unknown() {
    let group = b"\x43\x08\x01\x44".to_vec();
    let bytes = [numbered(1, 5), numbered(2, 6), inside(4, &[&numbered(1, 7)]), group.clone()].concat();
    assert!(<Container as prost::Message>::decode(&*bytes).is_err(), "prost refuses what Go takes");
    let (container, fields) = decode::<Container>("container", &bytes).unwrap();
    assert_eq!(container, Container { runtime: Some(Runtime::default()), ..Container::default() });
    assert_eq!(fields.own(), [numbered(1, 5), numbered(2, 6), group].concat());
    assert_eq!(fields.at(&[Step::Field(4)]), numbered(1, 7));
    check::<Container>(&bytes);
}

#[test]
fn a_map_of_another_wire_type_is_unknown_though_prost_reads_it() {
    // Field 2 as the number 0, which prost takes for the length of an entry.
    let bytes = numbered(2, 0);
    assert_eq!(<Container as prost::Message>::decode(&*bytes).unwrap().labels.len(), 1);
    let (container, fields) = decode::<Container>("container", &bytes).unwrap();
    assert_eq!(container, Container::default());
    assert_eq!(fields.own(), bytes);
}

#[test]
fn numbers_of_a_list_come_packed_or_alone() {
    let bytes = [numbered(6, 1), inside(6, &[b"\x02\x83\x01"]), numbered(6, 4)].concat();
    let (container, fields) = decode::<v0::Container>("container", &bytes).unwrap();
    assert_eq!(container.pids, [1, 2, 131, 4]);
    assert!(fields.is_empty());
    let error = decode::<v0::Container>("container", &inside(6, &[b"\x02\x83"])).unwrap_err();
    assert_eq!(
        error.message(),
        "container: malformed protobuf at byte 3: the message ends in the middle of a varint: invalid argument"
    );
}

#[test]
fn the_tag_of_an_unknown_field_is_written_in_its_shortest_form_as_go_does() {
    let (_, fields) = decode::<Container>("container", b"\x98\x86\x00\x81\x00").unwrap();
    assert_eq!(fields.own(), b"\x98\x06\x81\x00");
}

#[test]
fn text_that_is_not_utf8_is_named() {
    let failure = |bytes: &[u8]| decode::<Container>("container", bytes).unwrap_err();
    let name = |rest: &str| format!("containerd.services.containers.v1.Container.{rest}");
    let expect = |bytes: &[u8], position: usize, what: &str| {
        let expected = format!(
            "container: malformed protobuf at byte {position}: {what} contains invalid UTF-8: invalid argument"
        );
        assert_eq!(failure(bytes).message(), expected);
    };
    expect(b"\x0a\x03ab\xff", 4, &format!("string field {}", name("id (1)")));
    expect(b"\x22\x04\x0a\x02a\xc3", 5, &format!("string field {}", name("Runtime.name (1)")));
    expect(b"\x12\x03\x0a\x01\xff", 4, &format!("the key of map field {}", name("labels (2)")));
    expect(b"\x12\x06\x0a\x01k\x12\x01\xff", 7, &format!("the value of map field {}", name("labels (2)")));
    expect(b"\x2a\x03\x0a\x01\xff", 4, "string field google.protobuf.Any.type_url (1)");
    assert_eq!(failure(b"\x0a\x01\xff").details()[1].value, name("id (1)"));
    assert!(decode::<Container>("container", b"\x2a\x03\x12\x01\xff").is_ok(), "bytes may be anything");
    assert!(decode::<Container>("container", b"\x9a\x06\x01\xff").is_ok(), "what is unknown may be anything");
}

#[test]
fn deep_groups_are_unknown_fields_up_to_a_limit() {
    let group = |depth: usize| [[0x9b, 0x06].repeat(depth), [0x9c, 0x06].repeat(depth)].concat();
    // Deeper than prost goes below a message that is in a message.
    let bytes = inside(4, &[&inside(2, &[&group(wire::MAX_GROUP_DEPTH)])]);
    let (container, fields) = decode::<Container>("container", &bytes).unwrap();
    assert_eq!(encode(&container, &fields), bytes);
    assert!(decode::<Container>("container", &group(wire::MAX_GROUP_DEPTH + 1)).is_err());
}

/// A model as a test would have it: the generated container, and what it does not know.
#[derive(Clone, Debug, PartialEq)]
struct Model(Container, UnknownFields);

impl Message for Model {
    const NAME: &'static str = "container";

    fn decode(bytes: &[u8]) -> Result<Self> {
        decode(Self::NAME, bytes).map(|(container, unknown)| Model(container, unknown))
    }

    fn encode(&self) -> Vec<u8> {
        encode(&self.0, &self.1)
    }
}

#[test]
fn an_untouched_value_comes_out_to_the_byte() {
    // Not canonical: the order, a default that is written, and a varint of more bytes than needed.
    let bytes = [inside(3, &[b"nginx"]), numbered(99, 1), inside(6, &[]), b"\x8a\x00\x03web".to_vec()].concat();
    let mut preserved = Preserved::<Model>::decode(&bytes).unwrap();
    assert_eq!(preserved.0.id, "web");
    assert_eq!(*preserved.encode(), bytes);

    preserved.value_mut().0.id.push('2');
    let changed = [inside(1, &[b"web2"]), inside(3, &[b"nginx"]), numbered(99, 1)].concat();
    assert_eq!(*preserved.encode(), changed);

    preserved.value_mut().0.id.pop();
    assert_eq!(*preserved.encode(), bytes, "changed back");
    assert_eq!(preserved.original(), Some(&*bytes));
    assert_eq!(preserved.into_inner().0.image, "nginx");
}

#[test]
fn a_value_that_came_from_no_bytes_is_encoded() {
    let preserved = Preserved::from(Model(full(), UnknownFields::default()));
    assert_eq!(*preserved.encode(), full().encode_to_vec());
    assert_eq!(preserved.original(), None);
    assert!(Preserved::<Model>::decode(b"\x0a").is_err());
}

#[test]
fn type_urls_are_the_names_of_the_messages() {
    macro_rules! same {
        ($($url:ident $($part:ident)::+,)*) => {
            $(
                assert_eq!(type_url::<$($part)::+>(), type_urls::$url);
                assert_eq!(<$($part)::+>::type_url(), type_urls::$url, "prost's own has no prefix either");
                assert_eq!(<$($part)::+ as Described>::SCHEMA.name, type_urls::$url);
            )*
        };
    }
    use containerd::events;
    use containerd::services::images::v1 as images;
    use containerd::types::transfer;
    same! {
        RUNC_OPTIONS containerd::runc::v1::Options,
        RUNC_CHECKPOINT_OPTIONS containerd::runc::v1::CheckpointOptions,
        RUNC_PROCESS_DETAILS containerd::runc::v1::ProcessDetails,
        RUNTIME_OPTIONS runtimeoptions::v1::Options,
        LINUX_RUNC_OPTIONS containerd::linux::runc::RuncOptions,
        LINUX_CREATE_OPTIONS containerd::linux::runc::CreateOptions,
        CGROUPS1_METRICS io::containerd::cgroups::v1::Metrics,
        CGROUPS2_METRICS io::containerd::cgroups::v2::Metrics,
        STREAM_INIT containerd::services::streaming::v1::StreamInit,
        TRANSFER_DATA transfer::Data,
        TRANSFER_WINDOW_UPDATE transfer::WindowUpdate,
        TRANSFER_PROGRESS transfer::Progress,
        CONTAINER_CREATE events::ContainerCreate,
        CONTAINER_UPDATE events::ContainerUpdate,
        CONTAINER_DELETE events::ContainerDelete,
        CONTENT_CREATE events::ContentCreate,
        CONTENT_DELETE events::ContentDelete,
        IMAGE_CREATE images::ImageCreate,
        IMAGE_UPDATE images::ImageUpdate,
        IMAGE_DELETE images::ImageDelete,
        NAMESPACE_CREATE events::NamespaceCreate,
        NAMESPACE_UPDATE events::NamespaceUpdate,
        NAMESPACE_DELETE events::NamespaceDelete,
        SANDBOX_CREATE events::SandboxCreate,
        SANDBOX_START events::SandboxStart,
        SANDBOX_EXIT events::SandboxExit,
        SNAPSHOT_PREPARE events::SnapshotPrepare,
        SNAPSHOT_COMMIT events::SnapshotCommit,
        SNAPSHOT_REMOVE events::SnapshotRemove,
        TASK_CREATE events::TaskCreate,
        TASK_START events::TaskStart,
        TASK_DELETE events::TaskDelete,
        TASK_EXIT events::TaskExit,
        TASK_OOM events::TaskOom,
        TASK_EXEC_ADDED events::TaskExecAdded,
        TASK_EXEC_STARTED events::TaskExecStarted,
        TASK_PAUSED events::TaskPaused,
        TASK_RESUMED events::TaskResumed,
        TASK_CHECKPOINTED events::TaskCheckpointed,
    }
    assert_eq!(<() as Described>::SCHEMA.name, type_urls::EMPTY);
    assert_eq!(grpc::health::v1::HealthCheckRequest::type_url(), "grpc.health.v1.HealthCheckRequest");
    assert_eq!(google::rpc::Status::type_url(), "google.rpc.Status");
    assert_eq!(v0::Container::type_url(), "types.Container");
}

#[test]
fn type_urls_are_compared_as_containerd_2_does() {
    assert!(is_type("containerd.runc.v1.Options", type_urls::RUNC_OPTIONS));
    assert!(is_type("type.googleapis.com/containerd.runc.v1.Options", type_urls::RUNC_OPTIONS));
    assert!(is_type("/containerd.runc.v1.Options", type_urls::RUNC_OPTIONS));
    assert!(!is_type("xcontainerd.runc.v1.Options", type_urls::RUNC_OPTIONS));
    assert!(!is_type("containerd.runc.v1.Options/", type_urls::RUNC_OPTIONS));
    assert!(is_type(type_urls::SPEC, type_urls::SPEC));
    assert!(!is_type("type.googleapis.com/types.containerd.io/opencontainers/runtime-spec/1/Spec", type_urls::SPEC));
    assert!(!is_type("", type_urls::SPEC));
}

#[test]
fn a_schema_has_its_fields_by_rising_number() {
    for schema in [Container::SCHEMA, v0::Container::SCHEMA, io::containerd::cgroups::v1::MemoryStat::SCHEMA] {
        assert!(schema.fields.is_sorted_by(|a, b| a.number < b.number), "{}", schema.name);
        assert!(schema.fields.iter().all(|field| std::ptr::eq(schema.field(field.number).unwrap(), field)));
    }
    assert!(Container::SCHEMA.field(12).is_none());
}
