use containerd_client::services::v1::containers_client::ContainersClient;
use containerd_client::services::v1::{Container, CreateContainerRequest, ListContainersRequest, container::Runtime};
use containerd_client::with_namespace;
use std::process::{Child, Command};
use tonic::Request;
use tonic::transport::Channel;

/// A containerd of the test's own: no root, and nothing to clean up.
struct Containerd {
    server: Child,
    channel: Channel,
    _folder: tempfile::TempDir,
}

impl Containerd {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("containerd.sock");
        let address = format!("unix://{}", socket.display());
        let mut command = Command::new("stowbook");
        let server =
            command.args(["serve", "--memory", "--address", &address, "--log-level", "error"]).spawn().unwrap();
        loop {
            if let Ok(channel) = containerd_client::connect(&socket).await {
                return Containerd { server, channel, _folder: folder };
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

#[tokio::test]
async fn containers_are_found_by_their_labels() {
    let containerd = Containerd::start().await;
    let mut containers = ContainersClient::new(containerd.channel.clone());
    let web = Container {
        id: "web".into(),
        image: "docker.io/library/nginx:alpine".into(),
        labels: [("role".into(), "front".into())].into(),
        runtime: Some(Runtime { name: "io.containerd.runc.v2".into(), options: None }),
        ..Container::default()
    };
    let create = CreateContainerRequest { container: Some(web) };
    containers.create(with_namespace!(create.clone(), "default")).await.unwrap();

    let list = ListContainersRequest { filters: vec!["labels.role==front,image~=nginx".into()] };
    let found = containers.list(with_namespace!(list, "default")).await.unwrap().into_inner().containers;
    assert_eq!(found[0].id, "web");

    let refused = containers.create(with_namespace!(create, "default")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::AlreadyExists);
    assert_eq!(refused.message(), r#"container "web": already exists"#);
}
