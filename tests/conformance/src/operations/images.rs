use super::{Book, Operation, Trouble, context};
use crate::value::{ByName, DeleteImage, Filters, Message, WithImage, image};
use crate::vectors::Step;
use serde_json::{Value, json};
use std::ops::ControlFlow;

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "images.get" => get_image,
        "images.list" => list_images,
        "images.create" => create_image,
        "images.update" => update_image,
        "images.delete" => delete_image,
        _ => return None,
    }))
}

fn get_image(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: ByName = step.request()?;
    Ok(json!({"image": image(&book.get_image(&context(step), &request.name)?)}))
}

fn list_images(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let mut found = Vec::new();
    book.list_images(&context(step), &filters, &mut |record| {
        found.push(image(&record));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Message::default().list("images", found).end())
}

fn create_image(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithImage = step.request()?;
    Ok(json!({"image": image(&book.create_image(&context(step), &request.image, request.source_date_epoch)?)}))
}

fn update_image(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: WithImage = step.request()?;
    let (paths, epoch) = (request.update_mask.paths(), request.source_date_epoch);
    Ok(json!({"image": image(&book.update_image(&context(step), &request.image, &paths, epoch)?)}))
}

fn delete_image(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: DeleteImage = step.request()?;
    let mut options = stowbook::DeleteImage::default();
    options.target = request.target;
    options.sync = request.sync;
    book.delete_image(&context(step), &request.name, &options)?;
    Ok(json!({}))
}
