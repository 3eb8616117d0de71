//! What is known of a method before it is called: where it is, what goes in and what comes out.

use std::marker::PhantomData;

/// A method of a service: its path, and the types of its two messages.
pub struct Method<Request, Response> {
    path: &'static str,
    shape: Shape,
    messages: PhantomData<fn(Request) -> Response>,
}

/// How many messages go each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One request, one response.
    Unary,
    /// One request, any number of responses.
    Replies,
    /// Any number of both.
    Duplex,
}

impl<Request, Response> Method<Request, Response> {
    pub(crate) const fn new(path: &'static str, shape: Shape) -> Self {
        Method { path, shape, messages: PhantomData }
    }

    /// The path of its URL: `/containerd.services.version.v1.Version/Version`.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// How many messages go each way.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }
}
