use super::filters;
use crate::generated::events_log::*;
use crate::server::{Call, Feed, Replies, Routes, blocking};
use stowbook::{Cursor, Result, Since, Subscription};
use tonic::Status;

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&BOUNDS, bounds);
    routes.replies(&SUBSCRIBE, subscribe);
}

fn bounds(call: &Call, _: BoundsRequest) -> Result<BoundsResponse> {
    let events = call.store().events();
    let bounds = events.bounds()?;
    let cursor = events.cursor(bounds.last)?.to_string();
    Ok(BoundsResponse { first: bounds.first, last: bounds.last, cursor })
}

fn subscribe(call: &Call, request: SubscribeRequest) -> Result<Replies<SubscribeResponse>> {
    let since = match request.since.as_str() {
        "" => Since::Now,
        "oldest" => Since::Oldest,
        place => place.parse()?,
    };
    let subscription = call.store().events().subscribe(since, &filters(&request.filters))?;
    let follower = Follower { told: subscription.cursor(), all: request.all, until_now: request.until_now };
    let call = call.clone();
    Ok(Replies::fed(move |feed| follower.follow(call, subscription, feed)))
}

/// How many events are taken from the log at a time.
const BATCH: usize = 64;

/// After how many events that are not for a subscriber it is told how far the log was looked at. The log keeps many times more,
/// so that it finds its place there.
const SILENCE: u64 = 1024;

/// One who goes through the log.
struct Follower {
    /// The last place that it was told of.
    told: Cursor,
    all: bool,
    until_now: bool,
}

impl Follower {
    async fn follow(mut self, call: Call, mut subscription: Subscription, feed: Feed) {
        let mut changes = call.changes();
        if !self.tell(self.told, None, &feed).await {
            return;
        }
        loop {
            let next = blocking(move || {
                let mut events = Vec::new();
                let mut last = false;
                while events.len() < BATCH {
                    match subscription.try_next()? {
                        Some(event) => events.push(event),
                        None => {
                            last = true;
                            break;
                        }
                    }
                }
                Ok((subscription, events, last))
            });
            let (same, events, last) = match next.await {
                Ok(next) => next,
                // It was too slow, and the log does not hold what it has not seen any more.
                Err(status) => return feed.fail(status).await,
            };
            subscription = same;
            for event in events {
                let wanted = self.all || event.is_published();
                let place = Cursor { number: event.number, ..self.told };
                if wanted && !self.tell(place, Some(event.envelope), &feed).await {
                    return;
                }
            }
            let reached = subscription.cursor();
            let ends = last && self.until_now;
            if (ends || reached.number.saturating_sub(self.told.number) >= SILENCE)
                && !self.tell(reached, None, &feed).await
            {
                return;
            }
            if ends {
                return;
            }
            if last {
                tokio::select! {
                    _ = changes.changed() => {}
                    () = feed.closed() => return,
                    () = call.stopping() => {
                        return feed.fail(Status::unavailable("the server is stopping: unavailable")).await;
                    }
                }
            }
        }
    }

    /// Gives `false` when nobody listens any more.
    async fn tell(&mut self, place: Cursor, envelope: Option<stowbook::model::Envelope>, feed: &Feed) -> bool {
        self.told = place;
        feed.send(&SubscribeResponse { cursor: place.to_string(), envelope }).await
    }
}
