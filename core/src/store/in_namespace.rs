use super::Context;

/// A namespace of a place, to reach the records in it: each kind by the method that its module adds here.
pub struct InNamespace<'a, S: ?Sized> {
    pub(super) place: &'a S,
    pub(super) context: Context,
}

impl<'a, S: ?Sized> InNamespace<'a, S> {
    /// The records of a place that operations in this context reach. For implementers of places; callers ask the place.
    #[must_use]
    pub fn new(place: &'a S, context: Context) -> Self {
        InNamespace { place, context }
    }

    /// The same namespace, its operations on behalf of a lease.
    #[must_use]
    pub fn with_lease(mut self, lease: impl Into<String>) -> Self {
        self.context.lease = Some(lease.into());
        self
    }
}
