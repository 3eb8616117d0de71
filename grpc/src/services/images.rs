use super::{filters, paths};
use crate::generated::images::*;
use crate::server::{Call, Routes};
use std::ops::ControlFlow;
use stowbook::model::{Descriptor, Timestamp};
use stowbook::proto::Message as _;
use stowbook::{DeleteImage, ImageStore as _, Result};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&GET, get);
    routes.unary(&LIST, list);
    routes.unary(&CREATE, create);
    routes.unary(&UPDATE, update);
    routes.unary(&DELETE, delete);
}

fn get(call: &Call, request: GetImageRequest) -> Result<GetImageResponse> {
    Ok(GetImageResponse { image: Some(call.store().get_image(call.context(), &request.name)?) })
}

fn list(call: &Call, request: ListImagesRequest) -> Result<ListImagesResponse> {
    let mut images = Vec::new();
    call.store().list_images(call.context(), &filters(&request.filters), &mut |image| {
        images.push(image);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(ListImagesResponse { images })
}

fn create(call: &Call, request: CreateImageRequest) -> Result<CreateImageResponse> {
    let image = request.image.unwrap_or_default();
    let created = call.store().create_image(call.context(), &image, time(request.source_date_epoch)?)?;
    Ok(CreateImageResponse { image: Some(created) })
}

fn update(call: &Call, request: UpdateImageRequest) -> Result<UpdateImageResponse> {
    let fields = paths(request.update_mask.as_ref());
    let image = request.image.unwrap_or_default();
    let updated = call.store().update_image(call.context(), &image, &fields, time(request.source_date_epoch)?)?;
    Ok(UpdateImageResponse { image: Some(updated) })
}

fn delete(call: &Call, request: DeleteImageRequest) -> Result<()> {
    let mut options = DeleteImage::default();
    options.sync = request.sync;
    options.target = match request.target {
        Some(target) => Some(Descriptor::decode(&prost::Message::encode_to_vec(&target))?),
        None => None,
    };
    call.store().delete_image(call.context(), &request.name, &options)
}

fn time(time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>> {
    let Some(time) = time else { return Ok(None) };
    Timestamp::new(time.seconds, u32::try_from(time.nanos).unwrap_or(u32::MAX)).map(Some)
}
