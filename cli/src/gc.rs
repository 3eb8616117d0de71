use crate::args::{Gc, Global, Output, Rules};
use crate::{Failure, output, place};
use std::io::Write;
use stowbook::gc::{Because, CollectOptions, CollectRules, Collected, Reached};

pub(crate) fn run(global: &Global, command: &Gc) -> Result<(), Failure> {
    let rules = match command.rules {
        Rules::Containerd16 => CollectRules::Containerd16,
        Rules::Containerd23 => CollectRules::Containerd23,
    };
    let collected = if command.dry_run || command.why.is_some() {
        place::open_or_empty(global)?.collectable(rules)?
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
