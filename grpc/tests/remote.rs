//! The remote store: the traits of a book, over a socket.

#![allow(clippy::unwrap_used)]

mod common;

use common::Running;
use stowbook::model::{Blob, Container, Labels};
use stowbook::{
    CommitContent, Content, ContentStore, Context, ErrorKind, InNamespace, OpenContent, SnapshotStore as _, Store,
};
use stowbook_grpc::Remote;
use tokio::runtime::Runtime;

/// Runs a test against a server in another thread.
fn with_server(test: impl FnOnce(&Remote, &Running)) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(async { Running::start(Store::in_memory()) });
    test(&Remote::new(&server.path).unwrap(), &server);
    drop(runtime.block_on(server.stop()));
}

fn content(remote: &Remote) -> Content<'_, Remote> {
    InNamespace::new(remote, Context::in_namespace("default")).content()
}

#[test]
fn content_is_written_read_and_labelled() {
    with_server(|remote, _| {
        let bytes: Vec<u8> = (0..3 * 1024 * 1024 + 5).map(|place| (place % 251) as u8).collect();
        let content = content(remote);
        let mut open = OpenContent::new("layer");
        open.total = bytes.len() as i64;
        let mut writer = content.open(&open).unwrap();
        assert_eq!((writer.reference(), writer.status().unwrap().offset), ("layer", 0));
        writer.write(b"not this").unwrap();
        assert_eq!(writer.status().unwrap().offset, 8);
        writer.clear().unwrap();
        assert_eq!(writer.status().unwrap().offset, 0);
        writer.write(&bytes[..1_500_000]).unwrap();
        assert_eq!(content.open(&open).unwrap_err().kind(), ErrorKind::Unavailable, "another one is at it");
        assert_eq!(content.status("layer").unwrap().offset, 1_500_000);
        assert_eq!(content.statuses(&["ref==layer"]).unwrap().len(), 1);
        writer.write(&bytes[1_500_000..]).unwrap();
        let digest = writer.digest().unwrap();
        let mut commit = CommitContent::default();
        commit.labels = Labels::from([("containerd.io/gc.root".to_owned(), "x".to_owned())]);
        commit.size = bytes.len() as i64;
        let blob = content.commit(&mut writer, &commit).unwrap();
        assert_eq!((&blob.digest, blob.size, &blob.labels), (&digest, bytes.len() as i64, &commit.labels));
        assert_eq!(content.commit(&mut writer, &commit).unwrap_err().kind(), ErrorKind::FailedPrecondition);
        assert_eq!(writer.write(b"x").unwrap_err().kind(), ErrorKind::FailedPrecondition);

        let mut read = vec![0; bytes.len() + 10];
        assert_eq!(content.read_at(&digest, 0, &mut read).unwrap(), bytes.len());
        assert_eq!(read[..bytes.len()], bytes);
        assert_eq!(content.read_at(&digest, 7, &mut read[..3]).unwrap(), 3);
        assert_eq!(read[..3], bytes[7..10]);
        for behind in [bytes.len() as u64, bytes.len() as u64 + 1, u64::MAX] {
            assert_eq!(content.read_at(&digest, behind, &mut read).unwrap(), 0);
        }
        assert_eq!(content.read_at(&digest, 0, &mut []).unwrap(), 0);

        // The same again is there already, whoever asks how.
        open.expected.clone_from(&digest);
        assert_eq!(content.open(&open).unwrap_err().kind(), ErrorKind::AlreadyExists);
        let mut again = content.open(&OpenContent::new("again")).unwrap();
        again.write(&bytes).unwrap();
        let refused = content.commit(&mut again, &CommitContent::default()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);

        let change =
            Blob { digest: digest.clone(), labels: [("a".to_owned(), "b".to_owned())].into(), ..Blob::default() };
        assert_eq!(content.update(&change, &["labels.a"]).unwrap().labels.len(), 2);
        assert_eq!(content.list(&["labels.a==b"]).unwrap().len(), 1);
        content.delete(&digest).unwrap();
        assert_eq!(content.get(&digest).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(content.read_at(&digest, 0, &mut read).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn what_another_namespace_has_need_not_be_sent() {
    with_server(|remote, _| {
        let first = content(remote);
        let mut writer = first.open(&OpenContent::new("r")).unwrap();
        writer.write(b"shared").unwrap();
        let digest = first.commit(&mut writer, &CommitContent::default()).unwrap().digest;

        let other = InNamespace::new(remote, Context::in_namespace("other")).content();
        let mut open = OpenContent::new("r");
        open.expected.clone_from(&digest);
        let mut writer = other.open(&open).unwrap();
        let status = writer.status().unwrap();
        assert_eq!((status.expected, status.offset), (digest.clone(), 6));
        assert_eq!(other.commit(&mut writer, &CommitContent::default()).unwrap().digest, digest);
    });
}

#[test]
fn a_writer_is_committed_where_it_was_opened() {
    with_server(|remote, _| {
        let book = Store::in_memory();
        let mut here = book.namespace("default").content().open(&OpenContent::new("r")).unwrap();
        let mut there = content(remote).open(&OpenContent::new("r")).unwrap();
        let commit = CommitContent::default();
        assert_eq!(remote.commit_content(&mut here, &commit).unwrap_err().kind(), ErrorKind::FailedPrecondition);
        assert_eq!(book.commit_content(&mut there, &commit).unwrap_err().kind(), ErrorKind::FailedPrecondition);
        // Neither was harmed.
        assert_eq!(here.status().unwrap().offset + there.status().unwrap().offset, 0);
    });
}

#[test]
fn refusals_are_those_of_a_book() {
    with_server(|remote, _| {
        let book = Store::in_memory();
        let refusals = |content: &dyn ContentStore| {
            let context = Context::in_namespace("default");
            let missing = format!("sha256:{}", "0".repeat(64));
            [
                content.get_blob(&context, &missing).unwrap_err(),
                content.get_blob(&context, "nonsense").unwrap_err(),
                content.read_blob(&context, &missing, 0, &mut [0]).unwrap_err(),
                content.list_blobs(&context, &[b"labels=="]).unwrap_err(),
                content.get_ingest(&context, "nosuch").unwrap_err(),
                content.abort_ingest(&context, "nosuch").unwrap_err(),
                content.open_content(&Context::default(), &OpenContent::new("r")).unwrap_err(),
            ]
        };
        for (there, here) in refusals(remote).iter().zip(&refusals(&book)) {
            assert_eq!((there.kind(), there.message()), (here.kind(), here.message()));
            assert_eq!((there.help(), there.details()), (here.help(), here.details()));
        }
    });
}

#[test]
fn a_place_behind_a_socket_is_like_any_other() {
    with_server(|remote, _| {
        let namespace = InNamespace::new(remote, Context::in_namespace("default"));
        namespace.containers().create(&Container::new("web", "runc")).unwrap();
        assert_eq!(namespace.containers().list(&["id==web"]).unwrap().len(), 1);
        let context = Context::in_namespace("default");
        remote.prepare_snapshot(&context, "native", "s", &Default::default()).unwrap();
        assert_eq!(namespace.snapshots("native").list(&[""]).unwrap().len(), 1);
    });
}
