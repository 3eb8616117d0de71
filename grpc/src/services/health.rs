use crate::generated::health::*;
use crate::server::{Call, Replies, Routes};
use stowbook::proto::generated::grpc::health::v1::health_check_response::ServingStatus;
use stowbook::{Error, ErrorKind, Result};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&CHECK, check);
    routes.replies(&WATCH, watch);
}

fn check(_: &Call, request: HealthCheckRequest) -> Result<HealthCheckResponse> {
    // Only the server as a whole is looked after.
    if request.service.is_empty() {
        Ok(response(ServingStatus::Serving))
    } else {
        Err(Error::new(ErrorKind::NotFound, "unknown service"))
    }
}

fn watch(call: &Call, request: HealthCheckRequest) -> Result<Replies<HealthCheckResponse>> {
    let call = call.clone();
    Ok(Replies::fed(move |feed| async move {
        let first = if request.service.is_empty() { ServingStatus::Serving } else { ServingStatus::ServiceUnknown };
        if !feed.send(&response(first)).await {
            return;
        }
        tokio::select! {
            () = feed.closed() => {}
            () = call.stopping() => drop(feed.send(&response(ServingStatus::NotServing)).await),
        }
    }))
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
