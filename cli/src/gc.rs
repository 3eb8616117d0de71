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
    let ways = collected.ways(&global.namespace, id)?;
    if global.output == Output::Json {
        return Ok(output::json(out, &ways)?);
    }
    for way in ways {
        let line = if way.kept {
            way.steps.into_iter().map(step).collect::<Vec<_>>().join(" \u{2192} ")
        } else {
            format!("{}: nothing holds it", way.resource)
        };
        writeln!(out, "{}", output::shown(&line))?;
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
