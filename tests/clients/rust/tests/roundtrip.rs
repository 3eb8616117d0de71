//! The crate containerd-client at the server that ADDRESS names: all kinds of calls.

use containerd_client::services::v1::snapshots::{
    CommitSnapshotRequest, ListSnapshotsRequest, PrepareSnapshotRequest, RemoveSnapshotRequest,
};
use containerd_client::services::v1::*;
use containerd_client::types::Descriptor;
use containerd_client::{Client, with_namespace};
use prost_types::FieldMask;
use std::fmt::Debug;
use tonic::{Request, Response, Status, Streaming};

const NAMESPACE: &str = "rusty";

/// Every answer, so that those of two servers can be compared.
#[derive(Default)]
struct Answers(String);

impl Answers {
    fn note<T: Debug>(&mut self, answer: Result<Response<T>, Status>) -> Result<T, Status> {
        let answer = answer.map(Response::into_inner);
        match &answer {
            Ok(message) => self.0 += &format!("{message:?}\n"),
            Err(status) => self.0 += &format!("{:?} {}\n", status.code(), status.message()),
        }
        answer
    }

    /// Those of a stream.
    async fn note_all<T: Debug>(&mut self, answer: Result<Response<Streaming<T>>, Status>) -> Vec<T> {
        let mut messages = answer.unwrap().into_inner();
        let mut all = Vec::new();
        while let Some(message) = messages.message().await.unwrap() {
            self.0 += &format!("{message:?}\n");
            all.push(message);
        }
        all
    }
}

fn held<T>(message: T) -> Request<T> {
    let mut request = with_namespace!(message, NAMESPACE);
    request.metadata_mut().insert("containerd-lease", "l".parse().unwrap());
    request
}

#[tokio::test]
async fn everything_but_tasks() {
    let client = Client::from_path(std::env::var("ADDRESS").expect("ADDRESS names the socket")).await.unwrap();
    let mut answers = Answers::default();
    assert!(!answers.note(client.version().version(()).await).unwrap().version.is_empty());
    let filters = vec![format!("namespace=={NAMESPACE}")];
    // containerd 1.6 answers with its first event only.
    let mut subscriber = client.events();
    let events = tokio::spawn(async move { subscriber.subscribe(SubscribeRequest { filters }).await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;

    let lease = CreateRequest { id: "l".into(), ..CreateRequest::default() };
    answers.note(client.leases().create(with_namespace!(lease, NAMESPACE)).await).unwrap();

    let blob: Vec<u8> = b"stowage ".repeat(300_000);
    let length = blob.len() as i64;
    let part = |action: WriteAction, offset: usize, data: &[u8]| WriteContentRequest {
        action: action.into(),
        r#ref: "r".into(),
        total: length,
        offset: offset as i64,
        data: data.to_vec(),
        ..WriteContentRequest::default()
    };
    let mut parts = vec![part(WriteAction::Stat, 0, b"")];
    parts.extend(blob.chunks(1 << 20).enumerate().map(|(n, data)| part(WriteAction::Write, n << 20, data)));
    parts.push(part(WriteAction::Commit, blob.len(), b""));
    let written = answers.note_all(client.content().write(held(tokio_stream::iter(parts))).await).await;
    let digest = written.last().unwrap().digest.clone();
    let info = InfoRequest { digest: digest.clone() };
    let found = client.content().info(with_namespace!(info.clone(), NAMESPACE)).await;
    let found = answers.note(found).unwrap().info.unwrap();
    assert_eq!(found.size, length);
    let read = ReadContentRequest { digest: digest.clone(), offset: 8, size: 0 };
    let mut read = client.content().read(with_namespace!(read, NAMESPACE)).await.unwrap().into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = read.message().await.unwrap() {
        bytes.extend(part.data);
    }
    assert!(bytes == blob[8..]);

    let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
    let target = Descriptor { media_type, digest, size: length, ..Descriptor::default() };
    let mut image = Image { name: "example.com/a:1".into(), target: Some(target), ..Image::default() };
    let create = CreateImageRequest { image: Some(image.clone()), ..CreateImageRequest::default() };
    answers.note(client.images().create(held(create)).await).unwrap();
    image.labels.insert("x".into(), "y".into());
    let update_mask = Some(FieldMask { paths: vec!["labels.x".into()] });
    let update = UpdateImageRequest { image: Some(image), update_mask, ..UpdateImageRequest::default() };
    answers.note(client.images().update(with_namespace!(update, NAMESPACE)).await).unwrap();
    let list = ListImagesRequest { filters: vec!["labels.x==y".into()] };
    let listed = client.images().list(with_namespace!(list, NAMESPACE)).await;
    assert_eq!(answers.note(listed).unwrap().images.len(), 1);

    let snapshotter = || "native".to_owned();
    let prepare = PrepareSnapshotRequest { snapshotter: snapshotter(), key: "k".into(), ..Default::default() };
    client.snapshots().prepare(held(prepare)).await.unwrap();
    let commit = CommitSnapshotRequest {
        snapshotter: snapshotter(),
        key: "k".into(),
        name: "base".into(),
        ..Default::default()
    };
    answers.note(client.snapshots().commit(held(commit)).await).unwrap();
    let list = ListSnapshotsRequest { snapshotter: snapshotter(), ..Default::default() };
    let listed = answers.note_all(client.snapshots().list(with_namespace!(list, NAMESPACE)).await).await;
    assert_eq!(listed[0].info[0].name, "base");
    let remove = RemoveSnapshotRequest { snapshotter: snapshotter(), key: "base".into() };
    answers.note(client.snapshots().remove(with_namespace!(remove, NAMESPACE)).await).unwrap();

    let get = GetContainerRequest { id: "nosuch".into() };
    let refused = answers.note(client.containers().get(get).await).unwrap_err();
    assert_eq!(refused.message(), "namespace is required: failed precondition");
    let delete = DeleteRequest { id: "l".into(), ..DeleteRequest::default() };
    answers.note(client.leases().delete(with_namespace!(delete, NAMESPACE)).await).unwrap();
    let delete = DeleteImageRequest { name: "example.com/a:1".into(), sync: true, ..DeleteImageRequest::default() };
    answers.note(client.images().delete(with_namespace!(delete, NAMESPACE)).await).unwrap();
    let gone = answers.note(client.content().info(with_namespace!(info, NAMESPACE)).await).unwrap_err();
    assert_eq!(gone.code(), tonic::Code::NotFound);

    let mut events = events.await.unwrap().unwrap().into_inner();
    let mut topics = Vec::new();
    while topics.last().is_none_or(|topic| topic != "/images/delete") {
        let event = events.message().await.unwrap().unwrap();
        answers.0 += &format!("{event:?}\n");
        topics.push(event.topic);
    }
    // Only newer ones than 1.6 tell of it.
    topics.retain(|topic| topic != "/content/create");
    let told = [
        "/images/create",
        "/images/update",
        "/snapshot/prepare",
        "/snapshot/commit",
        "/snapshot/remove",
        "/images/delete",
    ];
    assert_eq!(topics, told);
    if let Some(folder) = std::env::var_os("ANSWERS") {
        std::fs::write(std::path::Path::new(&folder).join("rust"), answers.0).unwrap();
    }
}
