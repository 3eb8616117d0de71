//! The checker against the JSON schemas of the specifications: where a schema sees an error, so does the checker.

use super::*;
use jsonschema::{Retrieve, Uri, Validator};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// Finds schemas among the files of a specification, by the last step of their addresses.
struct Files(PathBuf);

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        let name = match name {
            "descriptor" => "content-descriptor.json",
            name => name,
        };
        Ok(serde_json::from_slice(&std::fs::read(self.0.join(name))?)?)
    }
}

/// The schema of a kind of document.
fn schema(kind: Kind) -> Validator {
    let file = match kind {
        Kind::RuntimeConfig => "runtime/config-schema.json",
        Kind::RuntimeFeatures => "runtime/features-schema.json",
        Kind::RuntimeState => "runtime/state-schema.json",
        Kind::ImageManifest => "image/image-manifest-schema.json",
        Kind::ImageIndex => "image/image-index-schema.json",
        Kind::ImageConfig => "image/config-schema.json",
        Kind::ImageLayout => "image/image-layout-schema.json",
        Kind::Descriptor => "image/content-descriptor.json",
        other => panic!("{other:?} has no schema"),
    };
    let path = folder("schemas").join(file);
    let options = jsonschema::options().with_retriever(Files(path.parent().unwrap().to_owned()));
    let mut schema = json(&path);
    // The schemas name each other by file; their own addresses lead elsewhere.
    schema["id"] = json!(format!("https://schemas.invalid/{file}"));
    options.should_validate_formats(true).build(&schema).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The kinds with a schema, and a document of each without mistakes.
const DOCUMENTS: [(Kind, &str); 11] = [
    (Kind::RuntimeConfig, "run"),
    (Kind::RuntimeConfig, "win"),
    (Kind::RuntimeConfig, "vm"),
    (Kind::RuntimeConfig, "zos"),
    (Kind::RuntimeConfig, "bsd"),
    (Kind::RuntimeFeatures, "feat"),
    (Kind::RuntimeState, "state"),
    (Kind::ImageManifest, "man"),
    (Kind::ImageIndex, "idx"),
    (Kind::ImageConfig, "img"),
    (Kind::Descriptor, "des"),
];

/// Errors of a schema at whose places the checker has none.
fn unseen(schema: &Validator, kind: Kind, document: &Value) -> Vec<String> {
    let text = serde_json::to_vec(document).unwrap();
    let options = Options { profile: Profile::RuntimeSpec, max_findings: 100_000, ..Options::default() };
    let report = validate(&text, Some(kind), &options);
    let found = |pointer: &str| {
        // `null` counts as absent, which is a warning unless somebody needs the member.
        let is_null = document.pointer(pointer).is_some_and(Value::is_null);
        let at = |one: &&Diagnostic| one.pointer == pointer || one.related.iter().any(|other| other.pointer == pointer);
        let lacks = |one: &Diagnostic| {
            let member = one.missing.as_deref().map(|name| format!("{}/{}", one.pointer, name));
            is_null && member.as_deref() == Some(pointer)
        };
        report.diagnostics.iter().any(|one| lacks(one) || (at(&one) && (one.severity == Severity::Error || is_null)))
    };
    let errors = schema.iter_errors(document).map(|error| (error.instance_path().to_string(), error.to_string()));
    // An error about an object may be told at the member that it is about.
    let below = |pointer: &str| {
        let inside = format!("{pointer}/");
        let errors = report.diagnostics.iter().filter(|one| one.severity == Severity::Error);
        errors.map(|one| &one.pointer).any(|other| other.starts_with(&inside))
    };
    // Go writes these for what is empty.
    let usual = |pointer: &str| kind == Kind::ImageConfig && document.pointer(pointer).is_some_and(Value::is_null);
    let unseen = errors.filter(|(pointer, _)| !found(pointer) && !below(pointer) && !usual(pointer));
    unseen.map(|(pointer, error)| format!("{pointer}: {}", error.chars().take(200).collect::<String>())).collect()
}

/// Every place of a document.
fn places(value: &Value, pointer: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                self::places(member, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), places);
            }
        }
        Value::Array(items) => {
            // The others are like these.
            items
                .iter()
                .take(2)
                .enumerate()
                .for_each(|(index, item)| self::places(item, format!("{pointer}/{index}"), places));
        }
        _ => {}
    }
    places.push(pointer);
}

/// What a value is replaced with.
fn others() -> Vec<Value> {
    vec![
        json!(null),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(100_000),
        json!(u64::MAX),
        json!(""),
        json!("bogus"),
        json!("a b"),
        json!([]),
        json!([1]),
        json!({}),
    ]
}

fn change(document: &Value, pointer: &str, other: Option<Value>) -> Value {
    let mut changed = document.clone();
    match (other, pointer.rsplit_once('/')) {
        (Some(other), _) => *changed.pointer_mut(pointer).unwrap() = other,
        (None, Some((parent, last))) => match changed.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.shift_remove(&last.replace("~1", "/").replace("~0", "~"))),
            Value::Array(items) => drop(items.remove(last.parse().unwrap())),
            other => panic!("{other}"),
        },
        (None, None) => changed = json!({}),
    }
    changed
}

/// Each place of each document with each other value, and without any.
#[test]
fn what_a_schema_sees_is_seen() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (kind, name) in DOCUMENTS {
        let document = json(&folder("cases").join(format!("{name}.json")))["document"].clone();
        let schema = schema(kind);
        assert_eq!(unseen(&schema, kind, &document), [""; 0], "{name}");
        let mut pointers = Vec::new();
        places(&document, String::new(), &mut pointers);
        for pointer in &pointers {
            for other in others().into_iter().map(Some).chain([None]) {
                let changed = change(&document, pointer, other.clone());
                seen += usize::from(!schema.is_valid(&changed));
                let other = other.map_or("nothing".to_owned(), |other| other.to_string());
                wrong.extend(
                    unseen(&schema, kind, &changed).iter().map(|error| format!("{name} {pointer} {other}: {error}")),
                );
            }
        }
    }
    assert!(seen > 1000, "{seen}");
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The same with several mistakes in one document.
#[test]
fn what_a_schema_sees_among_other_mistakes_is_seen() {
    let document = json(&folder("cases/run.json"))["document"].clone();
    let schema = schema(Kind::RuntimeConfig);
    let mut pointers = Vec::new();
    places(&document, String::new(), &mut pointers);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 2..6);
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 200, failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let result = runner.run(&changes, |changes| {
        let mut changed = document.clone();
        for (place, other) in &changes {
            let pointer = place.get(&pointers);
            if changed.pointer(pointer).is_some() && !pointer.is_empty() {
                changed = change(&changed, pointer, Some(other.get(&others()).clone()));
            }
        }
        let unseen = unseen(&schema, Kind::RuntimeConfig, &changed);
        prop_assert!(unseen.is_empty(), "{unseen:#?}");
        Ok(())
    });
    result.unwrap();
}
