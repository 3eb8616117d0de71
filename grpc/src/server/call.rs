use super::Shared;
use std::sync::Arc;
use stowbook::{Context, Store};
use tokio::sync::watch;

/// What an operation is called with, besides its request.
#[derive(Clone)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    context: Context,
}

impl Call {
    pub(super) fn new(shared: Arc<Shared>, context: Context) -> Self {
        Call { shared, context }
    }

    /// The book.
    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    /// On whose behalf the call is made.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// The services that are served.
    pub(crate) fn services(&self) -> impl Iterator<Item = &'static str> {
        self.shared.routes.services()
    }

    /// Tells when something was written to the event log.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.shared.changes.subscribe()
    }

    /// Waits until the server is to stop.
    pub(crate) async fn stopping(&self) {
        self.shared.stopping().await;
    }
}
