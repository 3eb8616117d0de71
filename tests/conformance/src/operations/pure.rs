//! Rules and filters, which need no book.

use super::{Operation, Trouble};
use crate::value::{bytes, from_text_or_base64};
use crate::vectors::Step;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stowbook::filter::{FieldMap, Filter, Selector};
use stowbook::rules;

pub(super) fn find(name: &str) -> Option<Operation> {
    Some(Operation::Pure(match name {
        "identifiers.validate" => validate_identifier,
        "labels.validate" => validate_label,
        "digests.validate" => validate_digest,
        "filters.parse" => parse_filter,
        "filters.match" => match_filters,
        _ => return None,
    }))
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
