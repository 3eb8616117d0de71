use crate::args::{CreateSnapshot, Global, Output, Snapshots, SnapshotsCommand};
use crate::{Failure, images, input, on_each, output, place};
use std::collections::BTreeMap;
use std::io::{self, Write};
use stowbook::model::{Mount, Snapshot, SnapshotKind};
use stowbook::{Host as _, SystemHost};

pub(crate) fn run(global: &Global, arguments: Snapshots) -> Result<(), Failure> {
    let Snapshots { snapshotter, command } = arguments;
    let json = global.output == Output::Json;
    let mut out = io::stdout().lock();
    match command {
        SnapshotsCommand::List { filters } => {
            let store = place::open_or_empty(global)?;
            let snapshots = store.namespace(&global.namespace).snapshots(&snapshotter).list(&filters)?;
            if json {
                output::json(&mut out, &snapshots)?;
            } else {
                let cells = |snapshot: Snapshot| [snapshot.name, snapshot.parent, kind(snapshot.kind).to_owned()];
                let rows: Vec<_> = snapshots.into_iter().map(cells).collect();
                output::table(&mut out, 1, ["KEY", "PARENT", "KIND"], &rows)?;
            }
        }
        SnapshotsCommand::Info { key } => {
            let store = place::open_or_empty(global)?;
            output::json(&mut out, &store.namespace(&global.namespace).snapshots(&snapshotter).get(&key)?)?;
        }
        SnapshotsCommand::Prepare(create) => {
            let mut options = rooted();
            options.parent.clone_from(&create.parent);
            let store = place::writable(global)?;
            let snapshots = store.namespace(&global.namespace).snapshots(&snapshotter);
            created(&mut out, json, &create, &snapshots.prepare(&create.key, &options)?)?;
        }
        SnapshotsCommand::View(create) => {
            let mut options = stowbook::CreateSnapshot::default();
            options.parent.clone_from(&create.parent);
            let store = place::writable(global)?;
            let snapshots = store.namespace(&global.namespace).snapshots(&snapshotter);
            created(&mut out, json, &create, &snapshots.view(&create.key, &options)?)?;
        }
        SnapshotsCommand::Commit { name, key } => {
            let store = place::writable_existing(global)?;
            store.namespace(&global.namespace).snapshots(&snapshotter).commit(&name, &key, &rooted())?;
        }
        SnapshotsCommand::Label { key, labels } => {
            let mut snapshot = Snapshot { name: key, ..Snapshot::default() };
            let fields = input::set(&mut snapshot.labels, "labels", labels);
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let store = place::writable_existing(global)?;
            let updated = store.namespace(&global.namespace).snapshots(&snapshotter).update(&snapshot, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            } else {
                writeln!(out, "{}", output::shown(&output::labels(&updated.labels)))?;
            }
        }
        SnapshotsCommand::Remove { keys } => {
            let store = place::writable_existing(global)?;
            let namespace = store.namespace(&global.namespace);
            on_each(global, &keys, |_, key| namespace.snapshots(&snapshotter).remove(key))?;
        }
        SnapshotsCommand::Mounts { target, key } => {
            let store = place::open_to_read(global)?;
            let mounts = store.namespace(&global.namespace).snapshots(&snapshotter).mounts(&key)?;
            if json {
                output::json(&mut out, &mounts)?;
            } else {
                print_mounts(&mut out, &target, &mounts)?;
            }
        }
        SnapshotsCommand::Usage { bytes, keys } => usage(global, &snapshotter, bytes, keys, &mut out)?,
        SnapshotsCommand::Tree => {
            let store = place::open_or_empty(global)?;
            let snapshots = store.namespace(&global.namespace).snapshots(&snapshotter).list(&[""])?;
            print_tree(&mut out, &snapshots)?;
        }
    }
    Ok(())
}

fn kind(kind: SnapshotKind) -> &'static str {
    match kind {
        SnapshotKind::Active => "Active",
        SnapshotKind::View => "View",
        SnapshotKind::Committed => "Committed",
        _ => "Unknown",
    }
}

/// With the label that keeps a snapshot from being collected, as ctr gives it to all that it makes.
fn rooted() -> stowbook::CreateSnapshot {
    let mut out = stowbook::CreateSnapshot::default();
    let now = output::whole_seconds(SystemHost.now());
    out.labels.insert("containerd.io/gc.root".to_owned(), now);
    out
}

fn created(out: &mut impl Write, json: bool, create: &CreateSnapshot, mounts: &[Mount]) -> io::Result<()> {
    if let Some(target) = &create.target {
        print_mounts(out, target, mounts)?;
    }
    if create.mounts || json { output::json(out, &mounts) } else { Ok(()) }
}

fn print_mounts(out: &mut impl Write, target: &str, mounts: &[Mount]) -> io::Result<()> {
    for mount in mounts {
        let Mount { kind, source, target: below, options } = mount;
        let target = if below.is_empty() { target.to_owned() } else { format!("{target}/{below}") };
        let options = if options.is_empty() { String::new() } else { format!(" -o {}", options.join(",")) };
        writeln!(out, "{}", output::shown(&format!("mount -t {kind} {source} {target}{options}")))?;
    }
    Ok(())
}

fn usage(
    global: &Global,
    snapshotter: &str,
    bytes: bool,
    mut keys: Vec<String>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let store = place::open_or_empty(global)?;
    let namespace = store.namespace(&global.namespace);
    let snapshots = namespace.snapshots(snapshotter);
    if keys.is_empty() {
        keys = snapshots.list(&[""])?.into_iter().map(|snapshot| snapshot.name).collect();
    }
    let mut usages = Vec::new();
    for key in keys {
        let usage = snapshots.usage(&key)?;
        usages.push((key, usage));
    }
    if global.output == Output::Json {
        return Ok(output::json(out, &usages.into_iter().collect::<BTreeMap<_, _>>())?);
    }
    let size = |size: i64| if bytes { size.to_string() } else { images::bytes(size) };
    let rows: Vec<_> =
        usages.into_iter().map(|(key, usage)| [key, size(usage.size), usage.inodes.to_string()]).collect();
    Ok(output::table(out, 1, ["KEY", "SIZE", "INODES"], &rows)?)
}

/// What stands on nothing, and below each what stands on it.
fn print_tree(out: &mut impl Write, snapshots: &[Snapshot]) -> io::Result<()> {
    let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for snapshot in snapshots {
        children.entry(&snapshot.parent).or_default().push(&snapshot.name);
    }
    // What is still to be printed, the next one last. Children are taken once, so that even a damaged book has an end.
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut parent = Some((0, ""));
    while let Some((level, name)) = parent {
        let below = children.remove(name).unwrap_or_default();
        open.extend(below.into_iter().rev().map(|name| (level, name)));
        parent = open.pop().map(|(level, name)| (level + 1, name));
        if let Some((below, name)) = parent {
            let level = below - 1;
            let branch = if level == 0 { "" } else { "\\_" };
            writeln!(out, "{}{branch} {}", "  ".repeat(level), output::shown(name))?;
        }
    }
    Ok(())
}
