use crate::args::{Gc, Global, Output, Rules};
use crate::{Failure, output, place};
use std::io::Write;
use stowbook::Error;
use stowbook::gc::{Because, CollectOptions, CollectRules, Collected, Reached};
#[cfg(all(unix, feature = "serve"))]
use stowbook::{Context, LeaseStore as _, NamespaceStore as _, model::Lease, rules::validate_identifier};

pub(crate) fn run(global: &Global, command: &Gc) -> Result<(), Failure> {
    #[cfg(all(unix, feature = "serve"))]
    if let Some(server) = place::server(global)? {
        return at_server(global, &server, command);
    }
    let rules = match command.rules {
        Rules::Containerd16 => CollectRules::Containerd16,
        Rules::Containerd23 => CollectRules::Containerd23,
    };
    let collected = if command.dry_run || command.why.is_some() {
        place::graph(global)?.collectable(rules)?
    } else {
        let mut options = CollectOptions::default();
        options.rules = rules;
        place::open_existing(global)?.collect(&options)?
    };
    let mut out = std::io::stdout().lock();
    match &command.why {
        Some(id) => why(global, &collected, id, &mut out),
        None => removed(global, &collected, &mut out),
    }
}

/// A server collects when a lease is deleted and the caller waits for it: by its own rules, and without a word about them.
#[cfg(all(unix, feature = "serve"))]
fn at_server(global: &Global, server: &stowbook_grpc::Remote, command: &Gc) -> Result<(), Failure> {
    if command.dry_run || command.why.is_some() {
        return Err(Error::not_implemented("a server does not tell what it would collect")
            .with_help("--db and --metadb look into the files of a server that has stopped")
            .into());
    }
    let mut out = std::io::stdout().lock();
    // In a namespace that is there, so that none is left behind.
    let namespaces = server.list_namespaces()?;
    if let Some(namespace) = namespaces.iter().find(|found| validate_identifier(&found.name).is_ok()) {
        let context = Context::in_namespace(&namespace.name);
        let lease = server.create_lease(&context, &Lease::default())?;
        server.delete_lease(&context, &lease.id, true)?;
    }
    if global.output == Output::Json {
        Ok(output::json(&mut out, &serde_json::json!({"collected_by": "server"}))?)
    } else {
        Ok(writeln!(out, "the server has collected; it does not tell what it removed")?)
    }
}

fn removed(global: &Global, collected: &Collected, out: &mut impl Write) -> Result<(), Failure> {
    if global.output == Output::Json {
        return Ok(output::json(out, collected)?);
    }
    let mut rows = Vec::new();
    for namespace in &collected.namespaces {
        for resource in &namespace.removed {
            rows.push([namespace.name.clone(), resource.kind.to_string(), resource.id.clone()]);
        }
    }
    Ok(output::table(out, 4, ["NAMESPACE", "TYPE", "ID"], &rows)?)
}

/// Shows for each resource of this id the shortest way to it from a root.
fn why(global: &Global, collected: &Collected, id: &str, out: &mut impl Write) -> Result<(), Failure> {
    let namespace = collected.namespaces.iter().find(|namespace| namespace.name == global.namespace);
    let mut ways = Vec::new();
    for reached in namespace.into_iter().flat_map(|namespace| &namespace.kept) {
        // One that was reached in two ways is shown once.
        if reached.resource.id == id && !ways.iter().any(|(known, _)| *known == &reached.resource) {
            ways.push((
                &reached.resource,
                namespace.map(|namespace| namespace.why(&reached.resource)).unwrap_or_default(),
            ));
        }
    }
    let garbage: Vec<_> =
        namespace.into_iter().flat_map(|namespace| &namespace.removed).filter(|resource| resource.id == id).collect();
    if ways.is_empty() && garbage.is_empty() {
        let message = format!("nothing that can be kept or collected has the id {id:?}");
        return Err(Error::not_found(message).with_help("a snapshot is named SNAPSHOTTER/KEY").into());
    }
    if global.output == Output::Json {
        let ways: Vec<_> = ways
            .iter()
            .map(|(resource, way)| {
                let way: Vec<_> = way.iter().map(|reached| json_step(reached)).collect();
                serde_json::json!({"type": resource.kind, "id": resource.id, "kept": true, "way": way})
            })
            .chain(garbage.iter().map(
                |resource| serde_json::json!({"type": resource.kind, "id": resource.id, "kept": false, "way": []}),
            ))
            .collect();
        return Ok(output::json(out, &ways)?);
    }
    for (_, way) in ways {
        let steps: Vec<_> = way.into_iter().map(step).collect();
        writeln!(out, "{}", output::shown(&steps.join(" \u{2192} ")))?;
    }
    for resource in garbage {
        writeln!(out, "{}: nothing holds it", output::shown(&resource.to_string()))?;
    }
    Ok(())
}

fn step(reached: &Reached) -> String {
    let Reached { resource, exists, because, .. } = reached;
    let absent = if *exists { "" } else { ", which is not there" };
    match because {
        Because::RootLabel(key) => format!("{resource} (label {key}){absent}"),
        Because::Reference { how, .. } => format!("{resource} ({how}){absent}"),
        _ => format!("{resource}{absent}"),
    }
}

/// The step before is the holder, so only the reason is told.
fn json_step(reached: &Reached) -> serde_json::Value {
    let Reached { resource, exists, because, .. } = reached;
    let because = match because {
        Because::Reference { how, .. } => serde_json::json!(how),
        root => serde_json::json!(root),
    };
    serde_json::json!({"type": resource.kind, "id": resource.id, "exists": exists, "because": because})
}
