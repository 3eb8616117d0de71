use super::{batches, filters, paths};
use crate::generated::snapshots::*;
use crate::server::{Call, Replies, Routes};
use std::collections::BTreeMap;
use stowbook::model::Mount;
use stowbook::proto::generated::containerd::types;
use stowbook::{CreateSnapshot, Error, ErrorKind, Result, SnapshotStore as _};

pub(super) fn serve(routes: &mut Routes) {
    routes.unary(&PREPARE, prepare);
    routes.unary(&VIEW, view);
    routes.unary(&MOUNTS, mounts);
    routes.unary(&COMMIT, commit);
    routes.unary(&REMOVE, remove);
    routes.unary(&STAT, stat);
    routes.unary(&UPDATE, update);
    routes.replies(&LIST, list);
    routes.unary(&USAGE, usage);
    routes.unary(&CLEANUP, cleanup);
}

fn prepare(call: &Call, request: PrepareSnapshotRequest) -> Result<PrepareSnapshotResponse> {
    let options = options(request.parent, request.labels);
    let mounts = call.store().prepare_snapshot(call.context(), &request.snapshotter, &request.key, &options)?;
    Ok(PrepareSnapshotResponse { mounts: converted(mounts) })
}

fn view(call: &Call, request: ViewSnapshotRequest) -> Result<ViewSnapshotResponse> {
    let options = options(request.parent, request.labels);
    let mounts = call.store().view_snapshot(call.context(), &request.snapshotter, &request.key, &options)?;
    Ok(ViewSnapshotResponse { mounts: converted(mounts) })
}

fn mounts(call: &Call, request: MountsRequest) -> Result<MountsResponse> {
    let mounts = call.store().mount_snapshot(call.context(), &request.snapshotter, &request.key)?;
    Ok(MountsResponse { mounts: converted(mounts) })
}

fn commit(call: &Call, request: CommitSnapshotRequest) -> Result<()> {
    let options = options(request.parent, request.labels);
    call.store().commit_snapshot(call.context(), &request.snapshotter, &request.name, &request.key, &options)
}

fn remove(call: &Call, request: RemoveSnapshotRequest) -> Result<()> {
    call.store().remove_snapshot(call.context(), &request.snapshotter, &request.key)
}

fn stat(call: &Call, request: StatSnapshotRequest) -> Result<StatSnapshotResponse> {
    let info = call.store().get_snapshot(call.context(), &request.snapshotter, &request.key)?;
    Ok(StatSnapshotResponse { info: Some(info) })
}

fn update(call: &Call, request: UpdateSnapshotRequest) -> Result<UpdateSnapshotResponse> {
    let fields = paths(request.update_mask.as_ref());
    let info = request.info.unwrap_or_default();
    let updated = call.store().update_snapshot(call.context(), &request.snapshotter, &info, &fields)?;
    Ok(UpdateSnapshotResponse { info: Some(updated) })
}

fn list(call: &Call, request: ListSnapshotsRequest) -> Result<Replies<ListSnapshotsResponse>> {
    let found = call.store().list_snapshots(call.context(), &request.snapshotter, &filters(&request.filters))?;
    Ok(batches(found, |info| ListSnapshotsResponse { info }))
}

fn usage(call: &Call, request: UsageRequest) -> Result<UsageResponse> {
    let usage = call.store().snapshot_usage(call.context(), &request.snapshotter, &request.key)?;
    Ok(UsageResponse { size: usage.size, inodes: usage.inodes })
}

fn cleanup(_: &Call, _: CleanupRequest) -> Result<()> {
    // As those of containerd's snapshotters say that have nothing to clean up.
    Err(Error::classed(ErrorKind::NotImplemented, "snapshotter does not implement Cleanup method"))
}

fn options(parent: String, labels: BTreeMap<String, String>) -> CreateSnapshot {
    let mut options = CreateSnapshot::default();
    options.parent = parent;
    options.labels = labels;
    options
}

fn converted(mounts: Vec<Mount>) -> Vec<types::Mount> {
    let converted = |Mount { kind, source, target, options }| types::Mount { r#type: kind, source, target, options };
    mounts.into_iter().map(converted).collect()
}
