//! `fix` on the same mutations that the runtimes are asked about.

use crate::mutate::Mutation;
use serde_json::Value;
use stowbook::check::{Kind, Options, Report, fix, validate};

fn check(text: &[u8]) -> Report {
    validate(text, Some(Kind::RuntimeConfig), &Options::default())
}

/// The codes of what `fix` would put right.
fn repairable(text: &[u8]) -> Vec<&'static str> {
    let safe = |one: &stowbook::check::Diagnostic| {
        one.suggestion.as_ref().is_some_and(|suggestion| suggestion.safe && !suggestion.edits.is_empty())
    };
    check(text).diagnostics.iter().filter(|one| safe(one)).map(|one| one.code).collect()
}

/// A config without what is in the object or list around a place.
fn without(text: &[u8], pointer: &str) -> Option<String> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    let (around, _) = pointer.rsplit_once('/')?;
    *value.pointer_mut(around)? = Value::Null;
    Some(value.to_string())
}

/// What is wrong with the repair of a config.
fn wrong(one: &Mutation) -> Option<String> {
    let options = Options::default();
    let fixed = fix(&one.text, Some(Kind::RuntimeConfig), &options);
    let left = repairable(&fixed.text);
    if !left.is_empty() {
        return Some(format!("{} is left", left.join(", ")));
    }
    if fixed.codes.is_empty() != (fixed.text == one.text) {
        return Some("it is changed without a code, or not changed with one".into());
    }
    let again = fix(&fixed.text, Some(Kind::RuntimeConfig), &options);
    if again.text != fixed.text || !again.codes.is_empty() {
        return Some(format!("a second repair does {}", again.codes.join(", ")));
    }
    // What a renamed or removed member was in is the place that the repair is about.
    let (before, after) = (without(&one.text, &one.pointer), without(&fixed.text, &one.pointer));
    if before.is_some() && before != after {
        return Some(format!("something else is changed by {}", fixed.codes.join(", ")));
    }
    None
}

/// One in thirty-one of all mutations, each with `STOWBOOK_FIX_ALL`.
#[test]
fn what_is_repaired_is_right_and_nothing_else_is_changed() -> Result<(), Box<dyn std::error::Error>> {
    let step = if std::env::var_os("STOWBOOK_FIX_ALL").is_some() { 1 } else { 31 };
    let mut random = crate::random::Random(1);
    let (mut repaired, mut tried, mut found) = (0, 0, Vec::new());
    for (name, config) in crate::bases()? {
        let text = serde_json::to_vec_pretty(&config)?;
        assert_eq!(repairable(&text), [""; 0], "{name}");
        let mutations = crate::mutate::all(&name, &config)?;
        let mut mutations: Vec<_> = mutations.into_iter().step_by(step).collect();
        mutations.extend(crate::mutate::broken(&name, &text, &mut random, 3100 / step));
        for one in &mutations {
            tried += 1;
            repaired += usize::from(!repairable(&one.text).is_empty());
            found.extend(wrong(one).map(|wrong| format!("{}: {wrong}", one.name)));
        }
    }
    println!("{tried} configs, of which {repaired} are repaired");
    assert!(repaired * 20 > tried, "{repaired} of {tried} configs are repaired");
    assert!(found.is_empty(), "{} of {tried}:\n{}", found.len(), found.join("\n"));
    Ok(())
}
