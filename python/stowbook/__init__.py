"""Container metadata outside a Go daemon: containerd's records, embedded, with containerd's rules.

>>> from stowbook import Container, Store
>>> store = Store.in_memory()  # or Store.open("book.redb")
>>> containers = store.namespace("default").containers
>>> web = containers.create(Container("web", "io.containerd.runc.v2", labels={"role": "front"}))
>>> [container.id for container in containers.list("labels.role==front")]
['web']
"""

from ._stowbook import *
from ._stowbook import __all__ as __all__
from ._stowbook import __version__ as __version__
