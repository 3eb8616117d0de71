from stowbook import Container, NotFoundError, Store

with Store.open("book.redb") as store:
    containers = store.namespace("default").containers
    containers.create(Container("web", "io.containerd.runc.v2", image="nginx:1.27", labels={"role": "front"}))
    containers.update(Container("web", labels={"tier": "1"}), fields=["labels.tier"])
    for container in containers.list("labels.role==front,image~=^nginx"):
        print(container.id, dict(container.labels))
    try:
        containers.get("db")
    except NotFoundError as error:
        print(error.kind, "|", error)
