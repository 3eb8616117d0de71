from __future__ import annotations

import pytest

from stowbook import Container, InvalidArgumentError, Lease, LeaseResource, Resource, Store


def test_what_goes_what_stays_and_why(store: Store) -> None:
    default = store.namespace("default")
    layer = default.content.write(b"layer")
    labels = {"containerd.io/gc.ref.content.l.0": layer.digest, "containerd.io/gc.root": "yes"}
    manifest = default.content.write(b"manifest", labels=labels)
    lost = default.content.write(b"lost")
    default.leases.create(Lease("build"))
    default.leases.add_resource("build", LeaseResource("images", "gone"))
    default.snapshots("native").prepare("web-rootfs")
    default.containers.create(Container("web", "runc", snapshotter="native", snapshot_key="web-rootfs"))
    for blob in (layer, manifest, lost):
        # What wrote it held it until it ended.
        assert default.content.get(blob.digest) == blob

    [told] = store.collect(dry_run=True).namespaces
    assert told.removed == (Resource("content", lost.digest),)
    assert len(default.content.list()) == 3
    way = told.why(Resource("content", layer.digest))
    assert [(step.resource.id, step.because, step.exists) for step in way] == [
        (manifest.digest, "label containerd.io/gc.root", True),
        (layer.digest, "label containerd.io/gc.ref.content.l.0", True),
    ]
    assert way[0].by is None and way[1].by is not None and told.kept[way[1].by] == way[0]
    assert [(str(step.resource), step.because) for step in told.why(Resource("snapshot", "native/web-rootfs"))] == [
        ("container web", "root"),
        ("snapshot native/web-rootfs", "snapshot"),
    ]
    assert [step.exists for step in told.why(Resource("image", "gone"))] == [True, False]
    assert told.why(Resource("content", lost.digest)) == ()

    assert store.collect().namespaces[0].removed == told.removed
    assert [blob.digest for blob in default.content] == sorted([layer.digest, manifest.digest])
    assert store.collect(rules="1.6").namespaces[0].removed == ()
    with pytest.raises(InvalidArgumentError) as caught:
        store.collect(rules="3")  # type: ignore[arg-type]
    assert caught.value.help


def test_sync_collects_before_it_returns(store: Store) -> None:
    default = store.namespace("default")
    default.leases.create(Lease("build"))
    default.with_lease("build").content.write(b"held")
    default.leases.delete("build", sync=True)
    assert default.content.list() == []
