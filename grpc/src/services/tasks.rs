use crate::generated::tasks::*;
use crate::server::{Call, Routes};
use stowbook::{ContainerStore as _, Error, ErrorKind, Result};

/// No task runs, ever. These two are what clients ask before they delete a container, or show a list.
pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&GET, get);
    routes.unary(&LIST, list);
}

fn get(call: &Call, request: GetRequest) -> Result<GetResponse> {
    let container = call.store().get_container(call.context(), &request.container_id)?;
    // containerd's text, which has no class.
    Err(Error::new(ErrorKind::NotFound, format!("task {} not found", container.id)))
}

fn list(call: &Call, _: ListTasksRequest) -> Result<ListTasksResponse> {
    call.context().require_namespace()?;
    Ok(ListTasksResponse::default())
}
