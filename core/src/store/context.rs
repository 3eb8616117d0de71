use crate::rules::validate_identifier;
use crate::{Error, Result};

/// On whose behalf an operation runs: what a gRPC client says in its headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The namespace. Absent and empty are the same.
    pub namespace: Option<String>,
    /// The lease that new resources are to be held by. Container records cannot be held (containerd-metadata §3.3).
    pub lease: Option<String>,
}

impl Context {
    /// Operations in this namespace, without a lease.
    pub fn in_namespace(namespace: impl Into<String>) -> Self {
        Context { namespace: Some(namespace.into()), lease: None }
    }

    /// The namespace, checked as each operation on a record does it first. Source: containerd-metadata §2.2.
    ///
    /// # Errors
    /// `FailedPrecondition` when there is none, `InvalidArgument` when it is not an identifier.
    pub fn require_namespace(&self) -> Result<&str> {
        let name = self.namespace.as_deref().unwrap_or_default();
        if name.is_empty() {
            return Err(Error::failed_precondition("namespace is required").with_help("name one, for example default"));
        }
        validate_identifier(name).map_err(|error| error.context("namespace validation: "))?;
        Ok(name)
    }
}
