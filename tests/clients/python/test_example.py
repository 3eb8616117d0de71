import socket
import subprocess
import time

import grpc
import pytest
from containerd.services.containers.v1 import containers_pb2, containers_pb2_grpc


@pytest.fixture
def containerd(tmp_path):
    """A channel to a containerd of the test's own: no root, and nothing to clean up."""
    address = tmp_path / "containerd.sock"
    server = subprocess.Popen(["stowbook", "serve", "--memory", "--address", f"unix://{address}", "--log-level", "error"])
    try:
        for _ in range(1000):
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(address)) == 0:
                    break
            time.sleep(0.005)
        with grpc.insecure_channel(f"unix://{address}") as channel:
            yield channel
    finally:
        server.terminate()
        server.wait()


def test_containers_are_found_by_their_labels(containerd):
    containers = containers_pb2_grpc.ContainersStub(containerd)
    namespace = (("containerd-namespace", "default"),)
    web = containers_pb2.Container(
        id="web",
        image="docker.io/library/nginx:alpine",
        labels={"role": "front"},
        runtime=containers_pb2.Container.Runtime(name="io.containerd.runc.v2"),
    )
    containers.Create(containers_pb2.CreateContainerRequest(container=web), metadata=namespace)

    query = containers_pb2.ListContainersRequest(filters=["labels.role==front,image~=nginx"])
    assert [found.id for found in containers.List(query, metadata=namespace).containers] == ["web"]

    with pytest.raises(grpc.RpcError) as refused:
        containers.Create(containers_pb2.CreateContainerRequest(container=web), metadata=namespace)
    assert refused.value.code() == grpc.StatusCode.ALREADY_EXISTS
    assert refused.value.details() == 'container "web": already exists'
