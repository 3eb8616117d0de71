use super::paths;
use crate::generated::namespaces::*;
use crate::server::{Call, Routes};
use stowbook::{NamespaceStore as _, Result};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&GET, get);
    routes.unary(&LIST, list);
    routes.unary(&CREATE, create);
    routes.unary(&UPDATE, update);
    routes.unary(&DELETE, delete);
}

fn get(call: &Call, request: GetNamespaceRequest) -> Result<GetNamespaceResponse> {
    Ok(GetNamespaceResponse { namespace: Some(call.store().get_namespace(&request.name)?) })
}

fn list(call: &Call, _: ListNamespacesRequest) -> Result<ListNamespacesResponse> {
    // containerd does not look at the filter.
    Ok(ListNamespacesResponse { namespaces: call.store().list_namespaces()? })
}

fn create(call: &Call, request: CreateNamespaceRequest) -> Result<CreateNamespaceResponse> {
    let created = call.store().create_namespace(&request.namespace.unwrap_or_default())?;
    Ok(CreateNamespaceResponse { namespace: Some(created) })
}

fn update(call: &Call, request: UpdateNamespaceRequest) -> Result<UpdateNamespaceResponse> {
    let fields = paths(request.update_mask.as_ref());
    call.store().update_namespace(&request.namespace.unwrap_or_default(), &fields)?;
    // containerd says no more.
    Ok(UpdateNamespaceResponse::default())
}

fn delete(call: &Call, request: DeleteNamespaceRequest) -> Result<()> {
    call.store().delete_namespace(&request.name)
}
