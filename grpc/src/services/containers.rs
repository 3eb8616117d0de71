use super::{filters, paths};
use crate::generated::containers::*;
use crate::server::{Call, Replies, Routes};
use crate::wire::Encoded;
use std::ops::ControlFlow;
use stowbook::proto::wire::{self, WireType};
use stowbook::{ContainerStore as _, ContainerView, Result};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&GET, get);
    routes.unary(&LIST, list);
    routes.replies(&LIST_STREAM, list_stream);
    routes.unary(&CREATE, create);
    routes.unary(&UPDATE, update);
    routes.unary(&DELETE, delete);
}

fn get(call: &Call, request: GetContainerRequest) -> Result<GetContainerResponse> {
    let container = call.store().get_container(call.context(), &request.id)?;
    Ok(GetContainerResponse { container: Some(container) })
}

fn list(call: &Call, request: ListContainersRequest) -> Result<Encoded<ListContainersResponse>> {
    let mut response = Vec::new();
    each(call, &request, |container| put_container(&mut response, container))?;
    Ok(Encoded::new(response))
}

fn list_stream(call: &Call, request: ListContainersRequest) -> Result<Replies<Encoded<ListContainerMessage>>> {
    let mut messages = Vec::new();
    each(call, &request, |container| {
        let mut message = Vec::new();
        put_container(&mut message, container);
        messages.push(Encoded::new(message));
    })?;
    Ok(Replies::All(messages))
}

fn each(call: &Call, request: &ListContainersRequest, mut show: impl FnMut(&ContainerView<'_>)) -> Result<()> {
    call.store().view_containers(call.context(), &filters(&request.filters), &mut |container| {
        show(container);
        Ok(ControlFlow::Continue(()))
    })
}

/// Appends the record as field 1, as which both messages have it.
fn put_container(out: &mut Vec<u8>, container: &ContainerView<'_>) {
    let parts = container.message();
    wire::put_tag(out, 1, WireType::Bytes);
    wire::put_varint(out, parts.iter().map(|part| part.len() as u64).sum());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

fn create(call: &Call, request: CreateContainerRequest) -> Result<CreateContainerResponse> {
    let container = request.container.unwrap_or_default();
    let created = call.store().create_container(call.context(), &container)?;
    Ok(CreateContainerResponse { container: Some(created) })
}

fn update(call: &Call, request: UpdateContainerRequest) -> Result<UpdateContainerResponse> {
    let fields = paths(request.update_mask.as_ref());
    let container = request.container.unwrap_or_default();
    let updated = call.store().update_container(call.context(), &container, &fields)?;
    Ok(UpdateContainerResponse { container: Some(updated) })
}

fn delete(call: &Call, request: DeleteContainerRequest) -> Result<()> {
    call.store().delete_container(call.context(), &request.id)
}
