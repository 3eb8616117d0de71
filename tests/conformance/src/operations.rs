//! What the operations of the vectors are in the core.

use crate::value::{ById, ByName, Filters, Message, Namespaces, WithContainer, WithNamespace};
use crate::value::{bytes, container, from_text_or_base64, namespace};
use crate::vectors::Step;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use stowbook::filter::{FieldMap, Filter, Selector};
use stowbook::{ContainerStore as _, Context, NamespaceStore as _, Store, rules};

/// An operation: on nothing but its request, or on a book.
pub(crate) enum Operation {
    Pure(fn(&Step) -> Result<Value, Trouble>),
    Stored(fn(&Store, &Step) -> Result<Value, Trouble>),
}

/// Why there is no answer.
pub(crate) enum Trouble {
    /// The core refused.
    Refused(stowbook::Error),
    /// The request is not what the operation takes: the vector is wrong, or the runner.
    Request(serde_json::Error),
}

impl From<stowbook::Error> for Trouble {
    fn from(error: stowbook::Error) -> Self {
        Trouble::Refused(error)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Trouble::Request(error)
    }
}

impl Operation {
    /// The operation of this name, if the core has it.
    pub(crate) fn find(name: &str) -> Option<Self> {
        Some(match name {
            "identifiers.validate" => Operation::Pure(validate_identifier),
            "labels.validate" => Operation::Pure(validate_label),
            "digests.validate" => Operation::Pure(validate_digest),
            "filters.parse" => Operation::Pure(parse_filter),
            "filters.match" => Operation::Pure(match_filters),
            "containers.get" => Operation::Stored(get_container),
            // What tells them apart is the wire.
            "containers.list" | "containers.list_stream" => Operation::Stored(list_containers),
            "containers.create" => Operation::Stored(create_container),
            "containers.update" => Operation::Stored(update_container),
            "containers.delete" => Operation::Stored(delete_container),
            "namespaces.get" => Operation::Stored(get_namespace),
            "namespaces.list" => Operation::Stored(list_namespaces),
            "namespaces.create" => Operation::Stored(create_namespace),
            "namespaces.update" => Operation::Stored(update_namespace),
            "namespaces.delete" => Operation::Stored(delete_namespace),
            _ => return None,
        })
    }
}

fn context(step: &Step) -> Context {
    let mut context = Context::default();
    context.namespace = step.namespace().map(str::to_owned);
    context.lease = step.lease().map(str::to_owned);
    context
}

fn get_container(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ById = step.request()?;
    Ok(json!({"container": container(&store.get_container(&context(step), &request.id)?)}))
}

fn list_containers(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: Filters = step.request()?;
    let filters: Vec<&[u8]> = request.filters.iter().map(String::as_bytes).collect();
    let mut found = Vec::new();
    store.list_containers(&context(step), &filters, &mut |record| {
        found.push(container(&record));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Message::default().list("containers", found).end())
}

fn create_container(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WithContainer = step.request()?;
    Ok(json!({"container": container(&store.create_container(&context(step), &request.container)?)}))
}

fn update_container(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WithContainer = step.request()?;
    let updated = store.update_container(&context(step), &request.container, &request.update_mask.paths())?;
    Ok(json!({"container": container(&updated)}))
}

fn delete_container(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ById = step.request()?;
    store.delete_container(&context(step), &request.id)?;
    Ok(json!({}))
}

fn get_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByName = step.request()?;
    Ok(json!({"namespace": namespace(&store.get_namespace(&request.name)?)}))
}

fn list_namespaces(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let _: Namespaces = step.request()?;
    let found = store.list_namespaces()?.iter().map(namespace).collect();
    Ok(Message::default().list("namespaces", found).end())
}

fn create_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WithNamespace = step.request()?;
    Ok(json!({"namespace": namespace(&store.create_namespace(&request.namespace)?)}))
}

fn update_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: WithNamespace = step.request()?;
    store.update_namespace(&request.namespace, &request.update_mask.paths())?;
    Ok(json!({}))
}

fn delete_namespace(store: &Store, step: &Step) -> Result<Value, Trouble> {
    let request: ByName = step.request()?;
    store.delete_namespace(&request.name)?;
    Ok(json!({}))
}

/// A text, which need not be UTF-8.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Text {
    text: Option<String>,
    text_base64: Option<String>,
}

impl Text {
    fn of(step: &Step) -> Result<Vec<u8>, Trouble> {
        let text: Text = step.request()?;
        Ok(from_text_or_base64(text.text, text.text_base64)?)
    }
}

fn validate_identifier(step: &Step) -> Result<Value, Trouble> {
    rules::validate_identifier(Text::of(step)?)?;
    Ok(json!({}))
}

fn validate_digest(step: &Step) -> Result<Value, Trouble> {
    rules::validate_digest(Text::of(step)?)?;
    Ok(json!({}))
}

fn validate_label(step: &Step) -> Result<Value, Trouble> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Label {
        key: String,
        value: String,
    }
    let label: Label = step.request()?;
    rules::validate_label(label.key, label.value)?;
    Ok(json!({}))
}

fn parse_filter(step: &Step) -> Result<Value, Trouble> {
    let filter = Filter::parse([Text::of(step)?])?;
    if filter.is_all() {
        return Ok(json!({"always": true}));
    }
    Ok(json!({"selectors": filter.selectors().flatten().map(selector).collect::<Vec<_>>()}))
}

fn selector(selector: &Selector) -> Value {
    let mut out = serde_json::Map::new();
    let path: Option<Vec<&str>> = selector.path().iter().map(|name| std::str::from_utf8(name).ok()).collect();
    match path {
        Some(path) => out.insert("path".to_owned(), json!(path)),
        None => {
            let path: Vec<_> = selector.path().iter().map(|name| BASE64.encode(name)).collect();
            out.insert("path_base64".to_owned(), json!(path))
        }
    };
    let operator = selector.operator().as_str();
    out.insert("operator".to_owned(), operator.into());
    if operator != "present" {
        out.extend([bytes("value", "value_base64", selector.value())]);
    }
    Value::Object(out)
}

fn match_filters(step: &Step) -> Result<Value, Trouble> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Question {
        filters: Vec<String>,
        fields: BTreeMap<String, String>,
    }
    let question: Question = step.request()?;
    let filter = Filter::parse(question.filters)?;
    let record: FieldMap = question.fields.into_iter().collect();
    Ok(json!({"match": filter.matches(&record)}))
}
