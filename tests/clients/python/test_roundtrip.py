"""What grpcio's clients do, which say the socket's path for a host: at a server of stowbook's, or at the one that ADDRESS names."""

import hashlib
import os
import threading

import grpc
import pytest
from containerd.services.containers.v1 import containers_pb2, containers_pb2_grpc
from containerd.services.content.v1 import content_pb2, content_pb2_grpc
from containerd.services.events.v1 import events_pb2, events_pb2_grpc
from containerd.services.images.v1 import images_pb2, images_pb2_grpc
from containerd.services.leases.v1 import leases_pb2, leases_pb2_grpc
from containerd.services.namespaces.v1 import namespace_pb2, namespace_pb2_grpc
from containerd.services.snapshots.v1 import snapshots_pb2, snapshots_pb2_grpc
from containerd.services.version.v1 import version_pb2_grpc
from google.protobuf import any_pb2, empty_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from record import Recorder
from test_example import containerd  # noqa: F401

NAMESPACE = ("containerd-namespace", "pythons")
PATIENCE = 30


@pytest.fixture
def channel(request):
    address = os.environ.get("ADDRESS")
    recorder = Recorder()
    if address is None:
        yield grpc.intercept_channel(request.getfixturevalue("containerd"), recorder)
    else:
        with grpc.insecure_channel(f"unix://{address}") as channel:
            yield grpc.intercept_channel(channel, recorder)
    if folder := os.environ.get("ANSWERS"):
        recorder.write(os.path.join(folder, "python"))


def test_everything_but_tasks(channel):
    meta = [NAMESPACE]
    assert version_pb2_grpc.VersionStub(channel).Version(empty_pb2.Empty()).version

    topics, heard = [], threading.Event()
    subscription = events_pb2_grpc.EventsStub(channel).Subscribe(events_pb2.SubscribeRequest(filters=["namespace==pythons"]))

    def listen():
        try:
            for envelope in subscription:
                topics.append(envelope.topic)
                if envelope.topic == "/images/delete":
                    heard.set()
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.CANCELLED

    listener = threading.Thread(target=listen)
    listener.start()
    # There is no word about when a subscription begins: one's own event tells it.
    events = events_pb2_grpc.EventsStub(channel)
    while "/mark" not in topics:
        # containerd 1.6 dies of none.
        mark = any_pb2.Any(type_url="mark")
        events.Publish(events_pb2.PublishRequest(topic="/mark", event=mark), metadata=meta)
        heard.wait(0.05)

    leases = leases_pb2_grpc.LeasesStub(channel)
    leases.Create(leases_pb2.CreateRequest(id="l"), metadata=meta)
    held = meta + [("containerd-lease", "l")]

    blob = b"stowage " * 300_000
    digest = "sha256:" + hashlib.sha256(blob).hexdigest()
    content = content_pb2_grpc.ContentStub(channel)

    def write():
        yield content_pb2.WriteContentRequest(action=content_pb2.STAT, ref="r", total=len(blob))
        for at in range(0, len(blob), 1 << 20):
            yield content_pb2.WriteContentRequest(action=content_pb2.WRITE, ref="r", offset=at, data=blob[at : at + (1 << 20)])
        yield content_pb2.WriteContentRequest(
            action=content_pb2.COMMIT, ref="r", offset=len(blob), total=len(blob), expected=digest, labels={"a": "b"}
        )

    *_, last = content.Write(write(), metadata=held)
    assert (last.offset, last.digest) == (len(blob), digest)
    info = content.Info(content_pb2.InfoRequest(digest=digest), metadata=meta).info
    assert (info.size, dict(info.labels)) == (len(blob), {"a": "b"})
    read = content.Read(content_pb2.ReadContentRequest(digest=digest, offset=8), metadata=meta)
    assert b"".join(part.data for part in read) == blob[8:]

    images = images_pb2_grpc.ImagesStub(channel)
    image = images_pb2.Image(name="example.com/a:1")
    image.target.digest, image.target.size = digest, len(blob)
    image.target.media_type = "application/vnd.oci.image.manifest.v1+json"
    images.Create(images_pb2.CreateImageRequest(image=image), metadata=held)
    # containerd 2.3 dies of a change without a target.
    change = images_pb2.Image(name=image.name, labels={"x": "y"}, target=image.target)
    images.Update(images_pb2.UpdateImageRequest(image=change, update_mask=FieldMask(paths=["labels.x"])), metadata=meta)
    assert len(images.List(images_pb2.ListImagesRequest(filters=["labels.x==y"]), metadata=meta).images) == 1

    snapshots = snapshots_pb2_grpc.SnapshotsStub(channel)
    snapshots.Prepare(snapshots_pb2.PrepareSnapshotRequest(snapshotter="native", key="k"), metadata=held)
    snapshots.Commit(snapshots_pb2.CommitSnapshotRequest(snapshotter="native", key="k", name="base"), metadata=held)
    names = [
        info.name
        for message in snapshots.List(snapshots_pb2.ListSnapshotsRequest(snapshotter="native"), metadata=meta)
        for info in message.info
    ]
    assert names == ["base"]
    snapshots.Remove(snapshots_pb2.RemoveSnapshotRequest(snapshotter="native", key="base"), metadata=meta)

    containers = containers_pb2_grpc.ContainersStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        containers.Get(containers_pb2.GetContainerRequest(id="nosuch"))
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.details() == "namespace is required: failed precondition"
    assert list(containers.ListStream(containers_pb2.ListContainersRequest(), metadata=meta)) == []

    names = namespace_pb2_grpc.NamespacesStub(channel).List(namespace_pb2.ListNamespacesRequest(), metadata=meta).namespaces
    assert "pythons" in [namespace.name for namespace in names]
    leases.Delete(leases_pb2.DeleteRequest(id="l"), metadata=meta)
    images.Delete(images_pb2.DeleteImageRequest(name=image.name, sync=True), metadata=meta)
    with pytest.raises(grpc.RpcError) as gone:
        content.Info(content_pb2.InfoRequest(digest=digest), metadata=meta)
    assert gone.value.code() == grpc.StatusCode.NOT_FOUND

    assert heard.wait(PATIENCE)
    subscription.cancel()
    listener.join()
    told = [topic for topic in topics if topic not in ("/mark", "/content/create")]
    assert told == [
        "/images/create", "/images/update", "/snapshot/prepare", "/snapshot/commit", "/snapshot/remove", "/images/delete",
    ]
