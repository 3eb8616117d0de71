use super::filters;
use crate::generated::leases::*;
use crate::server::{Call, Routes};
use stowbook::model::Lease;
use stowbook::{LeaseStore as _, Result};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&CREATE, create);
    routes.unary(&DELETE, delete);
    routes.unary(&LIST, list);
    routes.unary(&ADD_RESOURCE, add_resource);
    routes.unary(&DELETE_RESOURCE, delete_resource);
    routes.unary(&LIST_RESOURCES, list_resources);
}

fn create(call: &Call, request: CreateRequest) -> Result<CreateResponse> {
    let labels = request.labels.into_iter().collect();
    let lease = Lease { id: request.id, labels, ..Lease::default() };
    Ok(CreateResponse { lease: Some(call.store().create_lease(call.context(), &lease)?) })
}

fn delete(call: &Call, request: DeleteRequest) -> Result<()> {
    call.store().delete_lease(call.context(), &request.id, request.sync)
}

fn list(call: &Call, request: ListRequest) -> Result<ListResponse> {
    Ok(ListResponse { leases: call.store().list_leases(call.context(), &filters(&request.filters))? })
}

fn add_resource(call: &Call, request: AddResourceRequest) -> Result<()> {
    call.store().add_resource(call.context(), &request.id, &request.resource.unwrap_or_default())
}

fn delete_resource(call: &Call, request: DeleteResourceRequest) -> Result<()> {
    call.store().delete_resource(call.context(), &request.id, &request.resource.unwrap_or_default())
}

fn list_resources(call: &Call, request: ListResourcesRequest) -> Result<ListResourcesResponse> {
    Ok(ListResourcesResponse { resources: call.store().list_resources(call.context(), &request.id)? })
}
