use super::filters;
use crate::generated::events::*;
use crate::server::{Call, Feed, Replies, Routes, blocking};
use crate::wire::Bare;
use stowbook::model::{Any, Envelope};
use stowbook::{EventStore as _, Result, Since, Subscription};
use tonic::Status;

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&PUBLISH, publish);
    routes.unary(&FORWARD, forward);
    routes.replies(&SUBSCRIBE, subscribe);
}

fn publish(call: &Call, request: PublishRequest) -> Result<()> {
    let event = request.event.unwrap_or_default();
    call.store().publish_event(call.context(), &request.topic, &Any::new(event.type_url, event.value))
}

fn forward(call: &Call, request: ForwardRequest) -> Result<()> {
    call.store().forward_event(&request.envelope.unwrap_or_default())
}

/// Whatever the namespace of the call, the events of all namespaces.
fn subscribe(call: &Call, request: SubscribeRequest) -> Result<Replies<Bare<Envelope>>> {
    let subscription = call.store().events().subscribe(Since::Now, &filters(&request.filters))?;
    let call = call.clone();
    Ok(Replies::fed(move |feed| follow(call, subscription, feed)))
}

/// How many events are taken from the log at a time.
const BATCH: usize = 64;

async fn follow(call: Call, mut subscription: Subscription, feed: Feed) {
    let mut changes = call.changes();
    loop {
        let next = blocking(move || {
            let mut events = Vec::new();
            while events.len() < BATCH
                && let Some(event) = subscription.try_next()?
            {
                // containerd tells nobody of the rest.
                events.extend(event.is_published().then_some(Bare(event.envelope)));
            }
            Ok((subscription, events))
        });
        let events = match next.await {
            Ok((same, events)) => {
                subscription = same;
                events
            }
            // It was too slow, and the log does not hold what it has not seen any more.
            Err(status) => return feed.fail(status).await,
        };
        for event in &events {
            if !feed.send(event).await {
                return;
            }
        }
        if events.len() == BATCH {
            continue;
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = feed.closed() => return,
            () = call.stopping() => return feed.fail(Status::unavailable("the server is stopping: unavailable")).await,
        }
    }
}
