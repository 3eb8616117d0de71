//! NUL bytes and stray white space, wherever a string becomes a name or a path.

use crate::check::context::Checker;
use crate::check::fields::subject;
use crate::doc::{Shape, Value};

pub(super) fn check<'d>(checker: &mut Checker<'d>, root: Value<'d>) {
    // Many values may stand in one place, and deep.
    let mut folder = None;
    for value in root.descendants().rev() {
        if value.shape() == Shape::String && is_odd(value) {
            one(checker, value, &mut folder);
        }
    }
}

/// Whether a string may hold a NUL byte or begin or end with white space.
fn is_odd(value: Value<'_>) -> bool {
    let raw = value.raw();
    let edge = |byte: Option<&u8>| matches!(byte, Some(b' '));
    let escaped = || !value.is_plain() && raw.contains(&b'\\');
    edge(raw.get(1)) || edge(raw.get(raw.len().wrapping_sub(2))) || escaped()
}

/// All items of a list have one place; `folder` is that of the last list, with its number.
fn one<'d>(checker: &mut Checker<'d>, value: Value<'d>, folder: &mut Option<(u32, String)>) {
    let text = value.as_str().unwrap_or_default();
    if !text.contains('\0') && text.trim() == text {
        return;
    }
    let place = match value.parent() {
        Some(list) if list.shape() == Shape::Array => {
            let place = folder.take().filter(|(id, _)| *id == list.id()).map(|(_, place)| place);
            let place = place.unwrap_or_else(|| checker.place(value));
            folder.insert((list.id(), place)).1.clone()
        }
        _ => checker.place(value),
    };
    if text.contains('\0') {
        // Annotations never leave JSON.
        if !place.starts_with("/annotations") {
            let code = if place.starts_with("/hooks") || place.starts_with("/linux") || place == "/hostname" {
                "OCI-RT-0017"
            } else {
                "OCI-RT-0208"
            };
            checker.at(code, value, &[&subject(value)]);
        }
        return;
    }
    let free = place.starts_with("/annotations")
        || place.starts_with("/process/args")
        || place.starts_with("/process/env")
        || place.starts_with("/process/commandLine")
        || place.contains("/args/")
        || place.contains("/env/")
        || place.contains("/sysctl/")
        || place.contains("/unified/")
        || place.contains("listenerMetadata")
        || place.contains("/intelRdt/")
        // The rule about these lists speaks of it.
        || place == "/linux/resources/cpu/cpus"
        || place == "/linux/resources/cpu/mems";
    if !free && text.trim() != text && !text.trim().is_empty() {
        checker
            .at("OCI-RT-0018", value, &[&subject(value)])
            .propose("trim it", [value.replace(crate::doc::quote(text.trim()))]);
    }
}
