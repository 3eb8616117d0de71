//! A value of another type than its member has, and what was probably meant.

use super::{Codes, Field, Type, name, subject, words};
use crate::check::context::Checker;
use crate::check::patterns;
use crate::doc::{Shape, Value};

/// Says that a value has another type than it should, and what was probably meant.
pub(super) fn wrong_type<'d>(checker: &mut Checker<'d>, value: Value<'d>, field: &'static Field) {
    let codes = Codes::of(checker.kind);
    checker.wrong_type.insert(value.id());
    let (expected, is) = (expected(&field.of), name(value.shape()));
    let code = if field.type_code.is_empty() { codes.wrong_type } else { field.type_code };
    let found = checker.say(code, value, words::TYPE, &[&subject(value), &is, &expected]);
    // Go takes it for an empty string.
    if code == "OCI-RT-0513" && value.shape() == Shape::Null {
        found.accepted(&["runc-1.1"]);
    }
    let string = value.as_str();
    match (&field.of, string.as_deref()) {
        (Type::Boolean, Some(word @ ("true" | "false"))) => {
            found.safe(format!("write {word} without quotes"), [value.replace(word)]);
        }
        (Type::Integer(..), Some(digits)) if patterns::plain_integer(digits) => {
            found.safe(format!("write {digits} without quotes"), [value.replace(digits)]);
        }
        (Type::Integer(..), Some(digits)) if digits.starts_with('0') && u32::from_str_radix(digits, 8).is_ok() => {
            let number = u32::from_str_radix(digits, 8).unwrap_or_default();
            found.propose(format!("write {number}, which is {digits} in octal"), [value.replace(number.to_string())]);
        }
        (Type::Integer(..), Some(size)) => {
            if let Some(bytes) = patterns::bytes(size) {
                found.propose(format!("write {bytes}, the number of bytes"), [value.replace(bytes.to_string())]);
            }
        }
        (Type::List(Field { of: Type::Text, .. }), Some(text)) if text.contains([',', ' ']) => {
            let list = list_meant(value, text);
            found.propose(format!("write {list}"), [value.replace(list)]);
        }
        (Type::List(item), _) if matches(&item.of, value) => {
            let raw = String::from_utf8_lossy(value.raw());
            let edit = value.replace(format!("[{raw}]"));
            // An object may be a list whose items somebody keyed.
            match value.shape() {
                Shape::Object => found.propose("make it a list of one", [edit]),
                _ => found.safe("make it a list of one", [edit]),
            };
        }
        (Type::List(Field { of: Type::Text, .. }), None) if value.shape() == Shape::Object && value.key_is("env") => {
            let pairs = value
                .members()
                .filter_map(|member| Some(crate::doc::quote(&format!("{}={}", member.key()?, member.as_str()?))));
            found.propose(
                "make it a list of NAME=VALUE",
                [value.replace(format!("[{}]", pairs.collect::<Vec<_>>().join(", ")))],
            );
        }
        (Type::Text, None) if matches!(value.shape(), Shape::Number | Shape::Bool(_)) => {
            let raw = String::from_utf8_lossy(value.raw());
            found.propose("put it in quotes", [value.replace(format!("\"{raw}\""))]);
        }
        (Type::Map(_) | Type::Object(_), None) if value.shape() == Shape::Array => {
            if let Some(object) = object_meant(value) {
                found.propose("make it an object", [value.replace(object)]);
            }
        }
        (Type::Object(_), Some(text)) if value.key_is("platform") => {
            if let [os, architecture] = text.split('/').map(crate::doc::quote).collect::<Vec<_>>().as_slice() {
                let object = format!("{{\"os\": {os}, \"architecture\": {architecture}}}");
                found.propose(format!("write {object}"), [value.replace(object)]);
            }
        }
        (Type::Object(_), Some("unconfined" | "")) if value.key_is("seccomp") => {
            found.propose("leave it out: then no system call is filtered", value.remove());
        }
        (Type::Object(_), Some(_)) if value.key_is("seccomp") => {
            found.propose("write the profile itself, in the form of the OCI", []);
        }
        _ => {}
    }
}

/// The list that was meant by a string of several words: mount options, or a command.
fn list_meant(value: Value<'_>, text: &str) -> String {
    let quoted = |parts: &mut dyn Iterator<Item = &str>| {
        parts.map(str::trim).filter(|part| !part.is_empty()).map(crate::doc::quote).collect::<Vec<_>>().join(", ")
    };
    let is_command = value.key_is("args") || value.key_is("Cmd") || value.key_is("Entrypoint");
    match is_command {
        true if text.contains(['"', '\'', '\\', '$', '|', '&', ';', '<', '>', '*', '`', '(']) => {
            format!("[\"/bin/sh\", \"-c\", {}]", crate::doc::quote(text))
        }
        true => format!("[{}]", quoted(&mut text.split(' '))),
        false if text.contains(',') => format!("[{}]", quoted(&mut text.split(','))),
        false => format!("[{}]", crate::doc::quote(text)),
    }
}

/// The object that was meant by a list: sets of capabilities, `NAME=VALUE` pairs, or names.
fn object_meant(list: Value<'_>) -> Option<String> {
    if list.key_is("capabilities") {
        let raw = String::from_utf8_lossy(list.raw());
        let sets = ["bounding", "effective", "permitted"].map(|set| format!("\"{set}\": {raw}"));
        return Some(format!("{{{}}}", sets.join(", ")));
    }
    let names = list.key_is("ExposedPorts") || list.key_is("Volumes");
    let quote = crate::doc::quote;
    let member = |item: Value<'_>| {
        let text = item.as_str()?;
        Some(match text.split_once('=') {
            Some((name, value)) if !names => format!("{}: {}", quote(name), quote(value)),
            None if names => format!("{}: {{}}", quote(&text)),
            _ => return None,
        })
    };
    let members: Option<Vec<_>> = list.items().map(member).collect();
    members.filter(|members| !members.is_empty()).map(|members| format!("{{{}}}", members.join(", ")))
}

fn matches(of: &Type, value: Value<'_>) -> bool {
    match of {
        Type::Text => value.shape() == Shape::String,
        Type::Object(_) => value.shape() == Shape::Object,
        Type::Integer(..) => value.as_integer().is_some(),
        _ => false,
    }
}

fn expected(of: &Type) -> &'static str {
    match of {
        Type::Any => "a value",
        Type::Boolean => "true or false",
        Type::Text => "a string",
        Type::Integer(..) => "an integer",
        Type::List(_) => "a list",
        Type::Map(_) | Type::Object(_) => "an object",
    }
}
