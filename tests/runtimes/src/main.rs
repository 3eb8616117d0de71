//! Asks runc and crun what they say to configs with mistakes in them, and compares what the checker finds.

mod exceptions;
#[cfg(test)]
mod fixes;
mod judge;
mod mutate;
mod random;
mod runtime;

use clap::Parser;
use exceptions::Exceptions;
use judge::{Disagreement, ThisHost, judge};
use mutate::Mutation;
use random::Random;
use runtime::{Bundle, Tool};
use serde_json::Value;
use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Asks runc and crun what they say to mutated configs, and compares what the checker finds.
#[derive(Parser)]
struct Arguments {
    /// How many configs are tried; 0: all
    #[arg(long, default_value_t = 0)]
    cases: usize,
    /// Where the choice of configs starts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only mutations whose names contain this
    #[arg(long)]
    only: Option<String>,
    /// Print what the runtimes said to each config
    #[arg(long)]
    verbose: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut random = Random(arguments.seed);
    let mut mutations = Vec::new();
    for (name, config) in bases()? {
        let text = serde_json::to_vec_pretty(&config)?;
        let made = mutate::all(&name, &config)?;
        let broken = made.len() / 20;
        mutations.extend(made);
        mutations.extend(mutate::broken(&name, &text, &mut random, broken));
    }
    mutations.retain(|one| arguments.only.as_ref().is_none_or(|only| one.name.contains(only)));
    let whole = mutations.len();
    if arguments.cases > 0 {
        for index in 0..arguments.cases.min(whole) {
            let other = index + random.below(whole - index);
            mutations.swap(index, other);
        }
        mutations.truncate(arguments.cases);
    }
    let exceptions = Exceptions::read()?;
    let folder = tempfile::tempdir()?;
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for worker in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (next, found, failed) = (&next, &found, &failed);
            let (mutations, arguments, exceptions) = (&mutations, &arguments, &exceptions);
            let path = folder.path().join(worker.to_string());
            scope.spawn(move || {
                if let Err(error) = work(&path, worker, mutations, next, found, arguments, exceptions) {
                    *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error.to_string());
                }
            });
        }
    });
    if let Some(error) = failed.into_inner()? {
        return Err(error.into());
    }
    let mut found = found.into_inner()?;
    found.sort_by_key(|(index, _)| *index);
    for (index, one) in &found {
        let Some(mutation) = mutations.get(*index) else { continue };
        println!("{} {}: {}", one.sort, one.tool.name(), mutation.name);
        println!("    {}", one.said.as_deref().unwrap_or("accepted").escape_debug());
        for line in &one.found {
            println!("    {line}");
        }
    }
    println!("{} of {whole} configs tried with 2 runtimes: {} disagreements", mutations.len(), found.len());
    if found.is_empty() { Ok(()) } else { Err("the checker and the runtimes disagree".into()) }
}

fn work(
    path: &Path,
    worker: usize,
    mutations: &[Mutation],
    next: &AtomicUsize,
    found: &Mutex<Vec<(usize, Disagreement)>>,
    arguments: &Arguments,
    exceptions: &Exceptions,
) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    let bundle = Bundle::new(path, &format!("stowbook-{}-{worker}", std::process::id()))?;
    let host = ThisHost { bundle: bundle.path.clone() };
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(mutation) = mutations.get(index) else { return Ok(()) };
        if index % 1000 == 999 {
            eprintln!("{} of {}", index + 1, mutations.len());
        }
        for tool in Tool::ALL {
            let mut disagreement = None;
            // What a runtime refuses by chance, on a busy machine, it does not refuse three times.
            for _ in 0..3 {
                let said = bundle.ask(tool, &mutation.text)?;
                if arguments.verbose {
                    println!("{} {}: {:?}", tool.name(), mutation.name, said);
                }
                disagreement = judge(mutation, tool, said.as_deref(), &host, exceptions);
                if disagreement.as_ref().is_none_or(|one| one.said.is_none()) {
                    break;
                }
            }
            if let Some(one) = disagreement {
                // A long run tells at once; the list comes at its end.
                eprintln!("{} {}: {}", one.sort, one.tool.name(), mutation.name);
                found.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, one));
            }
        }
    }
}

/// The configs that the mistakes are made in.
fn bases() -> Result<Vec<(String, Value)>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bases");
    let mut bases = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        bases.push((name, serde_json::from_slice(&std::fs::read(&path)?)?));
    }
    bases.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(bases)
}
