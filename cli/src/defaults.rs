//! What a client says where its user says nothing. Source: containerd-metadata §2.6.

use stowbook::{NamespaceStore, Result};

/// The runtime of containerd's clients.
pub(crate) const RUNC: &str = "io.containerd.runc.v2";

/// The runtime that is meant when none is named.
pub(crate) fn runtime<S: NamespaceStore + ?Sized>(store: &S, namespace: &str) -> Result<String> {
    label(store, namespace, "containerd.io/defaults/runtime", RUNC)
}

/// The controller of sandboxes that is meant when none is named.
pub(crate) fn sandboxer<S: NamespaceStore + ?Sized>(store: &S, namespace: &str) -> Result<String> {
    label(store, namespace, "containerd.io/defaults/sandboxer", "shim")
}

/// The namespace's label, or else `built_in`.
fn label<S: NamespaceStore + ?Sized>(store: &S, namespace: &str, key: &str, built_in: &str) -> Result<String> {
    let mut labels = store.get_namespace(namespace)?.labels;
    Ok(labels.remove(key).unwrap_or_else(|| built_in.to_owned()))
}
