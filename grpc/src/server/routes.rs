//! Which operation a path leads to.

use super::body::{Feed, Reply};
use super::{Call, blocking};
use crate::frame::Requests;
use crate::method::Method;
use crate::wire::{Sends, Wire};
use hyper::body::Incoming;
use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use stowbook::Result;
use tonic::Status;

type Running<T> = Pin<Box<dyn Future<Output = Result<T, Status>> + Send>>;
type Handler = Box<dyn Fn(Call, Incoming) -> Running<Reply> + Send + Sync>;

/// Puts messages into a feed until there are no more.
type Maker = dyn FnOnce(Feed) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send;

/// What answers a request with several messages.
pub(crate) enum Replies<A> {
    /// These.
    All(Vec<A>),
    /// Those that this makes, at the client's pace.
    Fed(Box<Maker>),
}

impl<A> Replies<A> {
    pub(crate) fn fed<F: Future<Output = ()> + Send + 'static>(maker: impl FnOnce(Feed) -> F + Send + 'static) -> Self {
        Replies::Fed(Box::new(|feed| Box::pin(maker(feed))))
    }
}

/// The methods that are served.
#[derive(Default)]
pub(crate) struct Routes {
    handlers: HashMap<&'static str, Handler>,
    services: BTreeSet<&'static str>,
}

impl Routes {
    /// A method with one request and one response.
    pub(crate) fn unary<Q: Wire, A: Wire, S: Sends<A>>(
        &mut self,
        method: &Method<Q, A>,
        operation: fn(&Call, Q) -> Result<S>,
    ) {
        self.add(method, move |call, body| {
            Box::pin(async move {
                let request = only(body).await?;
                blocking(move || Ok(Reply::of::<A>(&[operation(&call, request)?]))).await?
            })
        });
    }

    /// A method with one request and several responses.
    pub(crate) fn replies<Q: Wire, A: Wire, S: Sends<A>>(
        &mut self,
        method: &Method<Q, A>,
        operation: fn(&Call, Q) -> Result<Replies<S>>,
    ) {
        self.add(method, move |call, body| {
            Box::pin(async move {
                let request = only(body).await?;
                let replies = blocking(move || match operation(&call, request)? {
                    Replies::All(messages) => Ok((Reply::of::<A>(&messages), None)),
                    Replies::Fed(maker) => Ok((Ok(Reply::empty()), Some(maker))),
                });
                let (reply, maker) = replies.await?;
                let Some(maker) = maker else { return reply };
                let (feed, reply) = Reply::fed();
                tokio::spawn(maker(feed));
                Ok(reply)
            })
        });
    }

    /// A method with several requests and several responses. What it fails with before its first response is the error of the
    /// call.
    pub(crate) fn duplex<Q: Wire, A: Wire, F>(
        &mut self,
        method: &Method<Q, A>,
        operation: fn(Call, Requests<Q>, Feed) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        self.add(method, move |call, body| {
            let (feed, reply) = Reply::fed();
            tokio::spawn(operation(call, Requests::new(body), feed));
            Box::pin(reply.begun())
        });
    }

    fn add<Q, A>(
        &mut self,
        method: &Method<Q, A>,
        handler: impl Fn(Call, Incoming) -> Running<Reply> + Send + Sync + 'static,
    ) {
        self.handlers.insert(method.path(), Box::new(handler));
        self.services.extend(split(method.path()).map(|(service, _)| service));
    }

    /// The services that have a method here, in byte order of their names.
    pub(super) fn services(&self) -> impl Iterator<Item = &'static str> {
        self.services.iter().copied()
    }

    /// The path, if it is served.
    pub(super) fn known(&self, path: &str) -> Option<&'static str> {
        self.handlers.get_key_value(path).map(|(path, _)| *path)
    }

    /// What answers this path.
    pub(super) fn find(&self, path: &str) -> Result<&Handler, Status> {
        if let Some(handler) = self.handlers.get(path) {
            return Ok(handler);
        }
        // As grpc-go says it, and who says it.
        let what = match split(path) {
            None => format!("malformed method name: {path:?}"),
            Some((service, method)) if self.services.contains(service) => {
                format!("unknown method {method} for service {service}")
            }
            Some((service, _)) => format!("unknown service {service}"),
        };
        Err(Status::unimplemented(format!(
            "{what}: this is stowbook, which keeps the metadata of containers and runs none"
        )))
    }
}

fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix('/')?.rsplit_once('/')
}

/// The one message of a request.
async fn only<Q: Wire>(body: Incoming) -> Result<Q, Status> {
    let mut requests = Requests::new(body);
    // grpc-go's texts for what no client of its own does.
    let request = requests.next().await?.ok_or_else(|| Status::internal("EOF"))?;
    Ok(request)
}
