use crate::args::{Global, Output};
use crate::{Failure, output, place};
use std::collections::BTreeSet;
use std::io::{self, Write};
use stowbook::gc::Resource;
use stowbook::{Error, Owned};

/// Shows what refers to all that is called `id`, and what refers to that in turn.
pub(crate) fn run(global: &Global, id: &str) -> Result<(), Failure> {
    let owned = place::graph(global)?.owners(id)?;
    if owned.is_empty() {
        return Err(Error::not_found(format!("nothing is called {id:?}, and nothing refers to it"))
            .with_help("name a digest, an image, a snapshot's key, an ingest, a container, a sandbox or a lease")
            .into());
    }
    let mut out = io::stdout().lock();
    if global.output == Output::Json {
        return Ok(output::json(&mut out, &owned)?);
    }
    owned.iter().try_for_each(|owned| print(&mut out, owned))?;
    Ok(())
}

/// A tree: below each thing those that refer to it. What has a place in it already is not unfolded again.
fn print(out: &mut impl Write, owned: &Owned) -> io::Result<()> {
    let absent = |exists: bool| if exists { "" } else { ", which is not there" };
    let head = format!("{}: {}{}", owned.namespace, owned.resource, absent(owned.exists));
    writeln!(out, "{}", output::shown(&head))?;
    if owned.owners.is_empty() {
        return writeln!(out, "  nothing refers to it");
    }
    let below = |of: &Resource| -> Vec<_> { owned.owners.iter().filter(|owner| owner.of == *of).rev().collect() };
    let mut unfolded = BTreeSet::from([&owned.resource]);
    let mut open: Vec<_> = below(&owned.resource).into_iter().map(|owner| (1, owner)).collect();
    while let Some((level, owner)) = open.pop() {
        let line = format!("{} ({}){}", owner.resource, owner.how, absent(owner.exists));
        writeln!(out, "{}{}", "  ".repeat(level), output::shown(&line))?;
        if unfolded.insert(&owner.resource) {
            open.extend(below(&owner.resource).into_iter().map(|owner| (level + 1, owner)));
        }
    }
    Ok(())
}
