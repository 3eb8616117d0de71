use super::{Book, Operation, Trouble, context};
use crate::value::{Message, SnapshotRequest, snapshot};
use crate::vectors::Step;
use serde_json::{Value, json};
use stowbook::CreateSnapshot;

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Stored(match name {
        "snapshots.stat" => get_snapshot,
        "snapshots.list" => list_snapshots,
        "snapshots.prepare" => prepare_snapshot,
        "snapshots.view" => view_snapshot,
        "snapshots.commit" => commit_snapshot,
        "snapshots.update" => update_snapshot,
        "snapshots.remove" => remove_snapshot,
        _ => return None,
    }))
}

fn created(request: &SnapshotRequest) -> CreateSnapshot {
    let mut create = CreateSnapshot::default();
    create.parent.clone_from(&request.parent);
    create.labels.clone_from(&request.labels);
    create
}

fn get_snapshot(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: SnapshotRequest = step.request()?;
    Ok(json!({"info": snapshot(&book.get_snapshot(&context(step), &request.snapshotter, &request.key)?)}))
}

fn list_snapshots(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: SnapshotRequest = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let found = book.list_snapshots(&context(step), &request.snapshotter, &filters)?;
    Ok(Message::default().list("info", found.iter().map(snapshot).collect()).end())
}

fn prepare_snapshot(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: SnapshotRequest = step.request()?;
    let mounts = book.prepare_snapshot(&context(step), &request.snapshotter, &request.key, &created(&request))?;
    Ok(json!({"mounts": mounts.len()}))
}

fn view_snapshot(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: SnapshotRequest = step.request()?;
    let mounts = book.view_snapshot(&context(step), &request.snapshotter, &request.key, &created(&request))?;
    Ok(json!({"mounts": mounts.len()}))
}

fn commit_snapshot(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: SnapshotRequest = step.request()?;
    let commit = created(&request);
    book.commit_snapshot(&context(step), &request.snapshotter, &request.name, &request.key, &commit)?;
    Ok(json!({}))
}

fn update_snapshot(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: SnapshotRequest = step.request()?;
    let fields = request.update_mask.paths();
    let updated = book.update_snapshot(&context(step), &request.snapshotter, &request.info, &fields)?;
    Ok(json!({"info": snapshot(&updated)}))
}

fn remove_snapshot(book: &dyn Book, step: &Step) -> Result<Value, Trouble> {
    let request: SnapshotRequest = step.request()?;
    book.remove_snapshot(&context(step), &request.snapshotter, &request.key)?;
    Ok(json!({}))
}
