//! The events of a server. One that has stowbook's own event log is asked again, from the last number on, when the connection is
//! lost.

use super::Remote;
use crate::client::Receiver;
use crate::generated::{events, events_log};
use crate::wire::Bare;
use std::fmt;
use std::time::Duration;
use stowbook::model::Envelope;
use stowbook::{Context, Cursor, Error, ErrorKind, Event, Result, Since};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

/// What a server can do beyond containerd's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// It numbers its events and keeps them, so that nobody misses one who loses the connection. containerd does not.
    pub replay: bool,
}

/// How long it is waited before a server is asked again: first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

/// The events of a server, one after the other: see [`Remote::events`].
pub struct RemoteEvents {
    remote: Remote,
    filters: Vec<String>,
    all: bool,
    until_now: bool,
    /// Where to go on; none when the server has no log.
    place: Option<Place>,
    stream: Option<Stream>,
    pause: Duration,
}

/// Where a subscription is in the log.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Where it shall begin.
    Since(Since),
    /// Behind this event.
    Behind(Cursor),
}

enum Stream {
    Log(Receiver<events_log::SubscribeResponse>),
    /// containerd 1.6 answers with its first event only.
    Opening(JoinHandle<Result<Receiver<Bare<Envelope>>>>),
    Plain(Receiver<Bare<Envelope>>),
}

/// What came.
enum Next {
    Event(Event),
    /// Nothing for the caller.
    Nothing,
    End,
}

impl fmt::Debug for RemoteEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteEvents at {:?}", self.place)
    }
}

impl Remote {
    /// What the server can do. It is asked.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be reached; what it says.
    pub fn capabilities(&self) -> Result<Capabilities> {
        match self.call(&events_log::BOUNDS, &Context::default(), events_log::BoundsRequest {}) {
            Ok(_) => Ok(Capabilities { replay: true }),
            Err(error) if error.kind() == ErrorKind::NotImplemented => Ok(Capabilities { replay: false }),
            Err(error) => Err(error),
        }
    }

    /// The events of all namespaces that any of the filters selects (no filter: all), from `since` on, then those that follow:
    /// those that containerd publishes. When it returns, nothing that happens from now on is missed; but a containerd is asked, and
    /// does not say from when on it tells.
    ///
    /// A server that [replays](Capabilities::replay) is asked again when the connection is lost, from the last event on. One
    /// that does not begins with the next event to come.
    ///
    /// # Errors
    /// `OutOfRange`, with the numbers of the oldest and the newest event among the details, when some are not kept any more;
    /// `FailedPrecondition` for the cursor of another book; `NotImplemented` when the server keeps no events and others than the
    /// next ones are asked for; `Unknown` for a filter that cannot be read; `Unavailable` when the server cannot be reached.
    pub fn events<F: AsRef<str>>(&self, since: impl Into<Since>, filters: &[F]) -> Result<RemoteEvents> {
        self.open_events(since.into(), filters, false, false)
    }

    /// As [`events`](Remote::events), with the changes that containerd tells nobody of: topics below `/stowbook/`. With
    /// `until_now` it ends when all events have come that are there.
    ///
    /// # Errors
    /// As [`events`](Remote::events); `NotImplemented` when the server keeps no events and it is to end.
    pub fn all_events<F: AsRef<str>>(
        &self,
        since: impl Into<Since>,
        filters: &[F],
        until_now: bool,
    ) -> Result<RemoteEvents> {
        self.open_events(since.into(), filters, true, until_now)
    }

    fn open_events<F: AsRef<str>>(
        &self,
        since: Since,
        filters: &[F],
        all: bool,
        until_now: bool,
    ) -> Result<RemoteEvents> {
        let replay = self.capabilities()?.replay;
        if !replay && (since != Since::Now || until_now) {
            return Err(Error::not_implemented("the server keeps no events")
                .with_help("follow those that are to come; only stowbook's servers replay events"));
        }
        let mut events = RemoteEvents {
            remote: self.clone(),
            filters: filters.iter().map(|filter| filter.as_ref().to_owned()).collect(),
            all,
            until_now,
            place: replay.then_some(Place::Since(since)),
            stream: None,
            pause: PAUSES[0],
        };
        self.wait_for(events.connect())?;
        Ok(events)
    }
}

impl RemoteEvents {
    /// The next event. Waits for it, but no longer than `timeout` (none: without end); `None` when there is none yet, or when it
    /// ended. Events of a server that does not replay have the number 0.
    ///
    /// # Errors
    /// As [`Remote::events`]. `Unavailable` when the connection to a server that does not replay is lost: events may be missed,
    /// and the next call begins with those to come.
    pub fn next(&mut self, timeout: Option<Duration>) -> Result<Option<Event>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let remote = self.remote.clone();
        remote.wait(async {
            loop {
                let step = self.step();
                let next = match deadline {
                    None => step.await,
                    // What is waited for is not lost when the wait is given up.
                    Some(deadline) => match timeout_at(deadline, step).await {
                        Ok(next) => next,
                        Err(_) => return Ok(None),
                    },
                };
                match next? {
                    Next::Event(event) => return Ok(Some(event)),
                    Next::End => return Ok(None),
                    Next::Nothing => {}
                }
            }
        })
    }

    /// The place behind the last event that came, to go on from there another time; none when the server does not replay.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        match self.place {
            Some(Place::Behind(cursor)) => Some(cursor),
            _ => None,
        }
    }

    async fn step(&mut self) -> Result<Next> {
        if self.stream.is_none() {
            return self.reconnect().await;
        }
        let next = self.take().await;
        match next {
            Ok(next) => {
                self.pause = PAUSES[0];
                Ok(next)
            }
            Err(error) => {
                self.stream = None;
                match self.place {
                    _ if !is_lost(&error) => Err(error),
                    None => Err(Error::unavailable("the connection to the server is lost, and events may be")
                        .with_detail("reason", error)
                        .with_help("list the records anew; this server does not replay events")),
                    Some(_) => Ok(self.rest().await),
                }
            }
        }
    }

    async fn reconnect(&mut self) -> Result<Next> {
        match self.connect().await {
            Ok(()) => Ok(Next::Nothing),
            Err(error) if is_lost(&error) && self.place.is_some() => Ok(self.rest().await),
            Err(error) => Err(error),
        }
    }

    /// Gives the server time, more from loss to loss.
    async fn rest(&mut self) -> Next {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSES[1]);
        Next::Nothing
    }

    async fn connect(&mut self) -> Result<()> {
        let (client, context) = (&self.remote.client, Context::default());
        let filters = self.filters.clone();
        let Some(place) = self.place else {
            let request = events::SubscribeRequest { filters };
            let client = client.clone();
            self.stream =
                Some(Stream::Opening(tokio::spawn(
                    async move { client.ask(&events::SUBSCRIBE, &context, request).await },
                )));
            return Ok(());
        };
        let since = match place {
            Place::Since(Since::Now) => String::new(),
            Place::Since(Since::Oldest) => "oldest".to_owned(),
            Place::Since(Since::After(number)) => number.to_string(),
            Place::Since(Since::Cursor(cursor)) | Place::Behind(cursor) => cursor.to_string(),
            Place::Since(_) => return Err(Error::not_implemented("this beginning cannot be asked for")),
        };
        let request = events_log::SubscribeRequest { since, filters, all: self.all, until_now: self.until_now };
        let mut stream = client.ask(&events_log::SUBSCRIBE, &context, request).await?;
        // It tells at once where it begins.
        let first = stream.next().await?.ok_or_else(cut_off)?;
        self.place = Some(Place::Behind(first.cursor.parse()?));
        self.stream = Some(Stream::Log(stream));
        Ok(())
    }

    async fn take(&mut self) -> Result<Next> {
        match &mut self.stream {
            None => Ok(Next::Nothing),
            Some(Stream::Opening(opening)) => {
                let opened = opening.await.map_err(|_| Error::internal("the subscription was given up"))??;
                self.stream = Some(Stream::Plain(opened));
                Ok(Next::Nothing)
            }
            Some(Stream::Plain(stream)) => {
                let Bare(envelope) = stream.next().await?.ok_or_else(cut_off)?;
                Ok(Next::Event(envelope.into()))
            }
            Some(Stream::Log(stream)) => {
                let Some(message) = stream.next().await? else {
                    return if self.until_now { Ok(Next::End) } else { Err(cut_off()) };
                };
                let cursor: Cursor = message.cursor.parse()?;
                self.place = Some(Place::Behind(cursor));
                Ok(message.envelope.map_or(Next::Nothing, |envelope| {
                    let mut event = Event::from(envelope);
                    event.number = cursor.number;
                    Next::Event(event)
                }))
            }
        }
    }
}

fn cut_off() -> Error {
    Error::unavailable("the server ended the events")
}

/// Whether it is the connection that failed, or the server.
fn is_lost(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Canceled)
}
