use super::filters;
use crate::generated::sandbox_store::*;
use crate::server::{Call, Routes};
use std::ops::ControlFlow;
use stowbook::{Result, SandboxStore as _};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&GET, get);
    routes.unary(&LIST, list);
    routes.unary(&CREATE, create);
    routes.unary(&UPDATE, update);
    routes.unary(&DELETE, delete);
}

fn get(call: &Call, request: StoreGetRequest) -> Result<StoreGetResponse> {
    Ok(StoreGetResponse { sandbox: Some(call.store().get_sandbox(call.context(), &request.sandbox_id)?) })
}

fn list(call: &Call, request: StoreListRequest) -> Result<StoreListResponse> {
    let mut list = Vec::new();
    call.store().list_sandboxes(call.context(), &filters(&request.filters), &mut |sandbox| {
        list.push(sandbox);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(StoreListResponse { list })
}

fn create(call: &Call, request: StoreCreateRequest) -> Result<StoreCreateResponse> {
    let created = call.store().create_sandbox(call.context(), &request.sandbox.unwrap_or_default())?;
    Ok(StoreCreateResponse { sandbox: Some(created) })
}

fn update(call: &Call, request: StoreUpdateRequest) -> Result<StoreUpdateResponse> {
    let fields: Vec<&str> = request.fields.iter().map(String::as_str).collect();
    let updated = call.store().update_sandbox(call.context(), &request.sandbox.unwrap_or_default(), &fields)?;
    Ok(StoreUpdateResponse { sandbox: Some(updated) })
}

fn delete(call: &Call, request: StoreDeleteRequest) -> Result<StoreDeleteResponse> {
    call.store().delete_sandbox(call.context(), &request.sandbox_id)?;
    Ok(StoreDeleteResponse {})
}
