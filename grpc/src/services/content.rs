use super::{batches, filters, paths};
use crate::frame::Requests;
use crate::generated::content::*;
use crate::server::{Call, Feed, Replies, Routes, blocking};
use stowbook::model::{IngestStatus, Timestamp};
use stowbook::proto::generated::containerd::services::content::v1::{Status as Ingest, WriteAction};
use stowbook::{ContentReader, ContentStore as _, ContentStream, Result};
use tonic::Status;

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&INFO, info);
    routes.replies(&LIST, list);
    routes.unary(&UPDATE, update);
    routes.unary(&DELETE, delete);
    routes.unary(&STATUS, status);
    routes.unary(&LIST_STATUSES, list_statuses);
    routes.unary(&ABORT, abort);
    routes.replies(&READ, read);
    routes.duplex(&WRITE, write);
}

fn info(call: &Call, request: InfoRequest) -> Result<InfoResponse> {
    Ok(InfoResponse { info: Some(call.store().get_blob(call.context(), &request.digest)?) })
}

fn list(call: &Call, request: ListContentRequest) -> Result<Replies<ListContentResponse>> {
    let found = call.store().list_blobs(call.context(), &filters(&request.filters))?;
    Ok(batches(found, |info| ListContentResponse { info }))
}

fn update(call: &Call, request: UpdateRequest) -> Result<UpdateResponse> {
    let fields = paths(request.update_mask.as_ref());
    let updated = call.store().update_blob(call.context(), &request.info.unwrap_or_default(), &fields)?;
    Ok(UpdateResponse { info: Some(updated) })
}

fn delete(call: &Call, request: DeleteContentRequest) -> Result<()> {
    call.store().delete_blob(call.context(), &request.digest)
}

fn status(call: &Call, request: StatusRequest) -> Result<StatusResponse> {
    Ok(StatusResponse { status: Some(ingest(call.store().get_ingest(call.context(), &request.r#ref)?)) })
}

fn list_statuses(call: &Call, request: ListStatusesRequest) -> Result<ListStatusesResponse> {
    let found = call.store().list_ingests(call.context(), &filters(&request.filters))?;
    Ok(ListStatusesResponse { statuses: found.into_iter().map(ingest).collect() })
}

fn abort(call: &Call, request: AbortRequest) -> Result<()> {
    call.store().abort_ingest(call.context(), &request.r#ref)
}

fn ingest(status: IngestStatus) -> Ingest {
    Ingest {
        started_at: status.started_at.map(time),
        updated_at: status.updated_at.map(time),
        r#ref: status.reference,
        offset: status.offset,
        total: status.total,
        expected: status.expected,
    }
}

fn time(time: Timestamp) -> prost_types::Timestamp {
    // Nanoseconds are below a thousand million.
    prost_types::Timestamp { seconds: time.seconds(), nanos: i32::try_from(time.nanos()).unwrap_or_default() }
}

fn read(call: &Call, request: ReadContentRequest) -> Result<Replies<ReadContentResponse>> {
    let mut reader = ContentReader::open(call.store(), call.context(), &request)?;
    let store = call.store().clone();
    Ok(Replies::fed(move |feed| async move {
        loop {
            let store = store.clone();
            let next = blocking(move || {
                let next = reader.next(&store)?;
                Ok((reader, next))
            });
            match next.await {
                Ok((same, Some(response))) if feed.send(&response).await => reader = same,
                Ok(_) => return,
                Err(status) => return feed.fail(status).await,
            }
        }
    }))
}

async fn write(call: Call, requests: Requests<WriteContentRequest>, feed: Feed) {
    if let Err(status) = converse(call, requests, &feed).await {
        feed.fail(status).await;
    }
}

async fn converse(call: Call, mut requests: Requests<WriteContentRequest>, feed: &Feed) -> Result<(), Status> {
    // Go's text for a stream that ends before it began.
    let mut request = requests.next().await?.ok_or_else(|| Status::unknown("EOF"))?;
    let mut stream: Option<ContentStream> = None;
    loop {
        let commits = request.action == WriteAction::Commit as i32;
        let call = call.clone();
        let (same, answer) = blocking(move || {
            let mut stream = match stream {
                Some(stream) => stream,
                None => ContentStream::open(call.store(), call.context(), &request)?,
            };
            let answer = stream.answer(call.store(), &request)?;
            Ok((stream, answer))
        })
        .await?;
        stream = Some(same);
        if !feed.send(&answer).await {
            return Ok(());
        }
        let next = if commits { None } else { requests.next().await? };
        let Some(next) = next else {
            // containerd says its last answer twice.
            feed.send(&answer).await;
            return Ok(());
        };
        request = next;
    }
}
