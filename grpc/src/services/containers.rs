use super::{filters, paths};
use crate::generated::containers::*;
use crate::server::{Call, Replies, Routes};
use std::ops::ControlFlow;
use stowbook::model::Container;
use stowbook::{ContainerStore as _, Result};

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

fn list(call: &Call, request: ListContainersRequest) -> Result<ListContainersResponse> {
    Ok(ListContainersResponse { containers: find(call, &request)? })
}

fn list_stream(call: &Call, request: ListContainersRequest) -> Result<Replies<ListContainerMessage>> {
    let found = find(call, &request)?.into_iter();
    Ok(Replies::All(found.map(|container| ListContainerMessage { container: Some(container) }).collect()))
}

fn find(call: &Call, request: &ListContainersRequest) -> Result<Vec<Container>> {
    let mut found = Vec::new();
    call.store().list_containers(call.context(), &filters(&request.filters), &mut |container| {
        found.push(container);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
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
