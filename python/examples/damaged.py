import stowbook

saved = stowbook.MetaDb.salvage("damaged.db")
print([container["id"] for namespace in saved.namespaces.values() for container in namespace["containers"]])
