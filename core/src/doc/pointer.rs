//! JSON pointers (RFC 6901).

use super::{Shape, Value};

/// A key as a step of a pointer: `~` becomes `~0` and `/` becomes `~1`.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

pub(super) fn resolve<'d>(root: Value<'d>, pointer: &str) -> Option<Value<'d>> {
    let mut value = root;
    let mut steps = pointer.split('/');
    if !steps.next()?.is_empty() {
        return None;
    }
    for step in steps {
        value = match value.shape() {
            Shape::Object if step.contains('~') => value.get(&step.replace("~1", "/").replace("~0", "~"))?,
            Shape::Object => value.get(step)?,
            Shape::Array if step == "0" || !step.starts_with(['0', '+']) => value.items().nth(step.parse().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

pub(super) fn of(value: Value<'_>) -> String {
    let mut steps = Vec::with_capacity(8);
    let mut at = value;
    while let Some(parent) = at.parent() {
        steps.push(at);
        at = parent;
    }
    let mut pointer = String::with_capacity(steps.len() * 12);
    for step in steps.into_iter().rev() {
        pointer.push('/');
        match step.key() {
            Some(key) if key.contains(['~', '/']) => pointer += &escape(&key),
            Some(key) => pointer += &key,
            None => pointer += &step.position().to_string(),
        }
    }
    pointer
}
