//! Mistakes of every sort, at every place of a config.

use serde_json::{Value, json};

/// A config with a mistake in it, or with what may be one.
#[derive(Clone)]
pub(crate) struct Mutation {
    /// What was done, to find it again.
    pub(crate) name: String,
    /// Where.
    pub(crate) pointer: String,
    pub(crate) text: Vec<u8>,
}

/// All single mistakes in a config.
pub(crate) fn all(base: &str, config: &Value) -> Result<Vec<Mutation>, serde_json::Error> {
    let unchanged = Mutation { name: format!("{base} unchanged"), pointer: String::new(), text: text(config) };
    let mut mutations = vec![unchanged];
    let mut places = Vec::new();
    walk(config, String::new(), &mut places);
    for pointer in &places {
        at(base, config, pointer, &mut mutations);
    }
    for (pointer, values) in values()? {
        for value in values {
            let name = format!("{base} {pointer} = {value}");
            if let Some(text) = set(config, &pointer, value) {
                mutations.push(Mutation { name, pointer: pointer.clone(), text });
            }
        }
    }
    Ok(mutations)
}

fn walk(value: &Value, pointer: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                walk(member, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{pointer}/{index}"), places);
            }
        }
        _ => {}
    }
    if !pointer.is_empty() {
        places.push(pointer);
    }
}

fn text(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).unwrap_or_default()
}

/// The config with a value at a pointer; nothing if there is no place for it.
fn set(config: &Value, pointer: &str, value: Value) -> Option<Vec<u8>> {
    let mut changed = config.clone();
    let mut at = &mut changed;
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    for (depth, step) in steps.iter().enumerate() {
        if at.is_null() {
            *at = if step.parse::<usize>().is_ok() { json!([]) } else { json!({}) };
        }
        at = match at {
            Value::Object(members) => members.entry(step.clone()).or_insert(Value::Null),
            Value::Array(items) => {
                let index: usize = step.parse().ok()?;
                if index == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(index)?
            }
            _ => return None,
        };
        if depth + 1 == steps.len() {
            *at = value.clone();
        }
    }
    Some(text(&changed))
}

/// The config with a change to what is at a pointer.
fn change(config: &Value, pointer: &str, change: impl FnOnce(&mut Value)) -> Option<Vec<u8>> {
    let mut changed = config.clone();
    change(changed.pointer_mut(pointer)?);
    Some(text(&changed))
}

fn at(base: &str, config: &Value, pointer: &str, mutations: &mut Vec<Mutation>) {
    let Some(value) = config.pointer(pointer) else { return };
    let (parent, last) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    let last = last.replace("~1", "/").replace("~0", "~");
    let mut add = |what: &str, place: &str, text: Option<Vec<u8>>| {
        if let Some(text) = text {
            mutations.push(Mutation { name: format!("{base} {pointer}: {what}"), pointer: place.to_owned(), text });
        }
    };
    add(
        "removed",
        parent,
        change(config, parent, |holder| match holder {
            Value::Object(members) => drop(members.shift_remove(&last)),
            Value::Array(items) => drop(items.remove(last.parse().unwrap_or_default())),
            _ => {}
        }),
    );
    let mut others =
        vec![json!(null), json!("bogus"), json!(7), json!(true), json!([]), json!({}), json!([[]]), json!("")];
    match value {
        Value::Number(_) => {
            others.extend([json!(-1), json!(-2), json!(0), json!(1), json!(1.5), json!(1e3), json!(4_294_967_295_u64)]);
            others.extend([json!(2_147_483_648_u64), json!(4_294_967_296_u64), json!(i64::MAX), json!(u64::MAX)]);
            others.push(json!(value.to_string()));
        }
        Value::Bool(set) => others.extend([json!(!set), json!("true"), json!(0)]),
        Value::String(text) => {
            others.extend([json!(format!("{text} ")), json!(format!(" {text}")), json!(text.to_uppercase())]);
            others.extend([
                json!(text.trim_start_matches('/')),
                json!(format!("{text}\0x")),
                json!(format!("{text}x")),
            ]);
            others.extend([
                json!(text.to_lowercase()),
                json!([text]),
                json!(format!("/{text}")),
                json!(format!("{text}/../x")),
            ]);
            others.extend([json!("a".repeat(300)), json!(text.replace('=', "")), json!({"path": text})]);
        }
        Value::Array(items) => {
            others.extend(items.first().map(|first| json!([first])));
            others.extend(items.first().cloned());
        }
        _ => {}
    }
    for other in others.iter().filter(|other| *other != value) {
        let shown: String = other.to_string().chars().take(60).collect();
        add(&format!("is {shown}"), pointer, change(config, pointer, |place| place.clone_from(other)));
    }
    if let Some(Value::Object(_)) = config.pointer(parent) {
        let mut swapped: Vec<char> = last.chars().collect();
        swapped.swap(0, last.chars().count().min(2) - 1);
        let doubled = format!("{last}{}", last.chars().last().unwrap_or('x'));
        let capital = last.chars().take(1).flat_map(char::to_uppercase).chain(last.chars().skip(1)).collect();
        for (what, key) in [("swapped", swapped.iter().collect()), ("doubled", doubled), ("capital", capital)] {
            let key: String = key;
            if key == last {
                continue;
            }
            let renamed = change(config, parent, |holder| {
                if let Value::Object(members) = holder {
                    let old = std::mem::take(members);
                    members.extend(old.into_iter().map(|(k, v)| (if k == last { key.clone() } else { k }, v)));
                }
            });
            add(&format!("key {what}: {key}"), parent, renamed);
        }
    }
    if let Some(Value::Array(_)) = config.pointer(parent) {
        let twice = change(config, parent, |holder| {
            if let Value::Array(items) = holder {
                items.extend(items.get(last.parse::<usize>().unwrap_or_default()).cloned());
            }
        });
        add("twice", parent, twice);
        let first = change(config, parent, |holder| {
            if let Value::Array(items) = holder
                && let Some(index) = last.parse::<usize>().ok().filter(|index| *index > 0)
            {
                let item = items.remove(index);
                items.insert(0, item);
            }
        });
        add("first", parent, first.filter(|_| last != "0"));
    }
}

/// Values that have a meaning of their own, right and wrong ones, by the pointer of the place that they are tried in.
fn values() -> Result<Vec<(String, Vec<Value>)>, serde_json::Error> {
    let values: serde_json::Map<String, Value> = serde_json::from_str(include_str!("../values.json"))?;
    let lists = values.into_iter().map(|(pointer, list)| (pointer, list.as_array().cloned().unwrap_or_default()));
    Ok(lists.collect())
}

/// Broken JSON.
pub(crate) fn broken(base: &str, text: &[u8], random: &mut crate::random::Random, count: usize) -> Vec<Mutation> {
    let mut mutations = Vec::new();
    let pieces: [&[u8]; 16] = [
        b",", b"}", b"]", b"{", b"[", b"\"", b"'", b"/* x */", b"// x\n", b"NaN", b"\\", b":", b"\xff", b"\x00", b"01",
        b"nul",
    ];
    for _ in 0..count {
        let mut changed = text.to_vec();
        let at = random.below(changed.len());
        let what = match random.below(3) {
            0 => {
                let removed = changed.remove(at);
                format!("without {:?}", char::from(removed))
            }
            1 => {
                let piece = random.pick(&pieces).copied().unwrap_or(b",");
                changed.splice(at..at, piece.iter().copied());
                format!("with {}", String::from_utf8_lossy(piece).escape_debug())
            }
            _ => {
                changed.truncate(at);
                "cut".to_owned()
            }
        };
        mutations.push(Mutation { name: format!("{base} byte {at}: {what}"), pointer: String::new(), text: changed });
    }
    mutations
}
