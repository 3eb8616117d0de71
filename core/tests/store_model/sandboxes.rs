use crate::names::{fields, is_identifier, is_namespace, labels, one_of_few, set, settle};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use stowbook::model::{Any, Sandbox};
use stowbook::{Context, Result, SandboxStore};

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Create(Sandbox),
    Update(Sandbox, Vec<String>),
    Delete(String),
    Get(String),
    List(&'static str),
}

/// Sandboxes by their namespaces and ids, without their times.
pub(crate) type Sandboxes = BTreeMap<(String, String), Sandbox>;

fn sandbox() -> impl Strategy<Value = Sandbox> {
    let any = || prop::option::of((0u8..3).prop_map(|n| Any::new("t", vec![n; usize::from(n)])));
    let extension = prop::option::of((prop::sample::select(vec!["e", "e", "e", "f", "f", ""]), any()));
    (one_of_few(), labels(), prop::sample::select(vec!["runc", "runc", "runc", ""]), any(), any(), extension).prop_map(
        |(id, labels, runtime, options, spec, extension)| {
            let mut out = Sandbox::new(id, runtime);
            out.labels = labels;
            out.runtime.options = options;
            out.spec = spec;
            out.sandboxer = runtime.to_owned();
            out.extensions.extend(extension.map(|(name, any)| (name.to_owned(), any.unwrap_or_default())));
            out
        },
    )
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    const PATHS: &[&str] =
        &["labels", "labels.x", "labels.x.y", "extensions", "extensions.e", "spec", "runtime", "runtime", "sandboxer"];
    prop_oneof![
        6 => sandbox().prop_map(Op::Create),
        5 => (sandbox(), fields(PATHS)).prop_map(|(sandbox, fields)| Op::Update(sandbox, fields)),
        2 => one_of_few().prop_map(Op::Delete),
        2 => one_of_few().prop_map(Op::Get),
        4 => prop::sample::select(vec!["", "labels.x==1", "id~=b", "sandboxer"]).prop_map(Op::List),
    ]
}

/// The sandbox as containerd gives it back, if it can be stored.
fn settled(sandbox: &Sandbox) -> Option<Sandbox> {
    let mut out = sandbox.clone();
    (is_identifier(&out.id) && settle(&mut out.labels) && !out.extensions.contains_key("")).then_some(out)
}

fn updated(before: &Sandbox, sandbox: &Sandbox, fields: &[String]) -> Option<Sandbox> {
    if fields.is_empty() && before.runtime.name != sandbox.runtime.name {
        return None;
    }
    let full = ["labels", "extensions", "spec", "runtime"].map(str::to_owned);
    let mut now = before.clone();
    for field in if fields.is_empty() { &full[..] } else { fields } {
        match field.as_str() {
            "labels" => now.labels.clone_from(&sandbox.labels),
            "extensions" => now.extensions.clone_from(&sandbox.extensions),
            "extensions.e" => {
                now.extensions.insert("e".into(), sandbox.extensions.get("e").cloned().unwrap_or_default());
            }
            "spec" => now.spec.clone_from(&sandbox.spec),
            "runtime" => now.runtime.clone_from(&sandbox.runtime),
            field => set(&mut now.labels, &sandbox.labels, field.strip_prefix("labels.")?),
        }
    }
    let mut now = settled(&now)?;
    // Never cleared on disk.
    now.spec = now.spec.or_else(|| before.spec.clone());
    now.runtime.options = now.runtime.options.or_else(|| before.runtime.options.clone());
    for (name, value) in &before.extensions {
        now.extensions.entry(name.clone()).or_insert_with(|| value.clone());
    }
    Some(now)
}

/// Applies an operation; answers whether it is to succeed.
pub(crate) fn apply(sandboxes: &mut Sandboxes, ns: &str, op: &Op) -> bool {
    let key = |id: &str| (ns.to_owned(), id.to_owned());
    match op {
        Op::Create(sandbox) => {
            let sandbox = settled(sandbox).filter(|_| is_namespace(ns) && !sandboxes.contains_key(&key(&sandbox.id)));
            sandbox.map(|sandbox| sandboxes.insert(key(&sandbox.id), sandbox)).is_some()
        }
        Op::Update(sandbox, fields) => {
            let before = sandboxes.get(&key(&sandbox.id));
            let now = before.and_then(|before| updated(before, sandbox, fields));
            now.map(|now| sandboxes.insert(key(&now.id), now)).is_some()
        }
        Op::Delete(id) => sandboxes.remove(&key(id)).is_some(),
        Op::Get(id) => sandboxes.contains_key(&key(id)),
        Op::List(_) => is_identifier(ns),
    }
}

fn without_times(mut sandbox: Sandbox) -> Sandbox {
    sandbox.created_at = None;
    sandbox.updated_at = None;
    sandbox
}

pub(crate) fn list(place: &impl SandboxStore, ns: &str, filter: &str) -> Result<Vec<Sandbox>> {
    let mut out = Vec::new();
    place.list_sandboxes(&Context::in_namespace(ns), &[filter.as_bytes()], &mut |sandbox| {
        out.push(without_times(sandbox));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(out)
}

pub(crate) fn listed(sandboxes: &Sandboxes, ns: &str, filter: &str) -> Vec<Sandbox> {
    let is_selected = |sandbox: &Sandbox| match filter {
        "labels.x==1" => sandbox.labels.get("x").is_some_and(|value| value == "1"),
        "id~=b" => sandbox.id.contains('b'),
        // Not one of the fields that containerd filters by.
        "sandboxer" => false,
        _ => true,
    };
    let selected = sandboxes.iter().filter(|((in_ns, _), sandbox)| in_ns == ns && is_selected(sandbox));
    selected.map(|(_, sandbox)| sandbox.clone()).collect()
}

/// Plays an operation. What it answers is compared with the sandboxes as they are to be behind it, but for updates: they
/// answer without what they do not clear.
pub(crate) fn play(place: &impl SandboxStore, ns: &str, op: &Op, sandboxes: &Sandboxes) -> Result<()> {
    let context = Context::in_namespace(ns);
    let same = |sandbox: Sandbox| {
        let sandbox = without_times(sandbox);
        assert_eq!(Some(&sandbox), sandboxes.get(&(ns.to_owned(), sandbox.id.clone())));
    };
    match op {
        Op::Create(sandbox) => place.create_sandbox(&context, sandbox).map(same),
        Op::Update(sandbox, fields) => {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            place.update_sandbox(&context, sandbox, &fields)?;
            place.get_sandbox(&context, &sandbox.id).map(same)
        }
        Op::Delete(id) => place.delete_sandbox(&context, id),
        Op::Get(id) => place.get_sandbox(&context, id).map(same),
        Op::List(filter) => {
            list(place, ns, filter).map(|found| assert_eq!(found, listed(sandboxes, ns, filter), "{filter}"))
        }
    }
}
