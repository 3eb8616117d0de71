use crate::generated::version::*;
use crate::server::{Call, Routes, VERSION as SERVER_VERSION};
use stowbook::Result;

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&VERSION, version);
}

fn version(_: &Call, (): ()) -> Result<VersionResponse> {
    let revision = concat!("stowbook ", env!("CARGO_PKG_VERSION"));
    Ok(VersionResponse { version: SERVER_VERSION.to_owned(), revision: revision.to_owned() })
}
