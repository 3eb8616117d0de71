//! What the schemas say: which members there are, and of what type. The data is `core/rules/fields`.

mod table;
mod wrong_type;

pub(super) use table::{
    CONTAINER_RECORD, DESCRIPTOR, IMAGE_CONFIG, IMAGE_INDEX, IMAGE_LAYOUT, IMAGE_MANIFEST, RUNTIME_CONFIG,
    RUNTIME_FEATURES, RUNTIME_STATE, SECCOMP,
};

use super::context::{Checker, Shown};
use super::patterns;
use super::{Kind, Severity};
use crate::doc::{Shape, Value, tag};
use std::collections::BTreeSet;
use wrong_type::wrong_type;

/// What the general rules say, under whichever code.
mod words {
    pub(super) const NOT_OBJECT: &str = "the document is {}, not an object";
    pub(super) const TYPE: &str = "{} is {}, not {}";
    pub(super) const RANGE: &str = "{} is {}, outside {} to {}";
    pub(super) const LIMIT: &str = "{} is {}; it has to be {}";
    pub(super) const FORM: &str = "{} has to be in plain digits, without a fraction or an exponent";
    pub(super) const NULL: &str = "{} is null, which counts as absent";
    pub(super) const UNKNOWN: &str = "{} is not a member of {}{}";
    pub(super) const CASE: &str = "{} has to be written {}";
    pub(super) const VALUE: &str = "{} is \"{}\", which is none of {}";
    pub(super) const PATTERN: &str = "{} is \"{}\", which is not {}";
    pub(super) const RECORD: &str = "{} is no member of a record{}";
}

/// What a value may be.
pub(super) struct Field {
    pub(super) of: Type,
    pub(super) nullable: bool,
    /// The strings it may be; none: any.
    pub(super) values: &'static [&'static str],
    pub(super) pattern: Option<Pattern>,
    /// A range inside that of the type, with the code of the rule about it.
    pub(super) limit: Option<&'static (i128, i128, &'static str)>,
    /// The code of the rule about `values` and `pattern`.
    pub(super) value_code: &'static str,
    /// The code of the rule about its type; empty: the general one.
    pub(super) type_code: &'static str,
}

/// The type of a value.
pub(super) enum Type {
    Any,
    Boolean,
    Text,
    /// From the first to the second.
    Integer(&'static (i128, i128)),
    List(&'static Field),
    Map(&'static Field),
    Object(&'static [Member]),
}

/// A member of an object.
pub(super) struct Member {
    pub(super) name: &'static str,
    /// What [`tag`] makes of the name.
    pub(super) tag: u16,
    pub(super) field: Field,
    /// The code of the rule about its absence; empty: it may be absent.
    pub(super) missing_code: &'static str,
}

/// A form that a string has to have.
#[derive(Clone, Copy)]
pub(super) enum Pattern {
    Capability,
    HugePageSize,
    MemoryBandwidth,
}

impl Pattern {
    fn fits(self, text: &str) -> bool {
        match self {
            Pattern::Capability => patterns::capability(text),
            Pattern::HugePageSize => patterns::huge_page_size(text),
            Pattern::MemoryBandwidth => text.starts_with("MB:") && !text.contains('\n'),
        }
    }

    /// What was meant by a text that does not fit.
    fn meant(self, text: &str) -> Option<String> {
        match self {
            Pattern::HugePageSize => patterns::huge_page_size_meant(text),
            Pattern::Capability | Pattern::MemoryBandwidth => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Pattern::Capability => "CAP_ and capital letters",
            Pattern::HugePageSize => "a number and KB, MB or GB, as in 2MB",
            Pattern::MemoryBandwidth => "one line that starts with MB:",
        }
    }
}

/// The codes of the general rules, which image documents have under a prefix of their own.
pub(super) struct Codes {
    pub(super) not_object: &'static str,
    pub(super) unknown: &'static str,
    pub(super) case: &'static str,
    pub(super) null: &'static str,
    pub(super) wrong_type: &'static str,
    pub(super) range: &'static str,
    pub(super) form: &'static str,
}

impl Codes {
    pub(super) fn of(kind: Kind) -> &'static Codes {
        match kind {
            Kind::RuntimeConfig
            | Kind::RuntimeFeatures
            | Kind::RuntimeState
            | Kind::Seccomp
            | Kind::ContainerdRecord => &Codes {
                not_object: "OCI-RT-0004",
                unknown: "OCI-RT-0007",
                case: "OCI-RT-0008",
                null: "OCI-RT-0010",
                wrong_type: "OCI-RT-0011",
                range: "OCI-RT-0012",
                form: "OCI-RT-0013",
            },
            _ => &Codes {
                not_object: "OCI-IM-0001",
                unknown: "OCI-IM-0002",
                case: "OCI-IM-0003",
                null: "OCI-IM-0001",
                wrong_type: "OCI-IM-0007",
                range: "OCI-IM-0007",
                form: "OCI-IM-0007",
            },
        }
    }

    /// Image documents have one rule where runtime configs have several; its message takes a sentence.
    pub(super) fn are_of_images(&self) -> bool {
        self.null == "OCI-IM-0001"
    }
}

/// Holds an object and all that is in it against a table.
pub(super) fn check<'d>(checker: &mut Checker<'d>, value: Value<'d>, members: &'static [Member]) {
    let codes = Codes::of(checker.kind);
    match value.shape() {
        Shape::Object => object(checker, value, members),
        Shape::Lost => {}
        shape => {
            checker.say(codes.not_object, value, words::NOT_OBJECT, &[&name(shape)]);
        }
    }
}

/// More members than any object of a table has, which `cargo xtask rules` sees to.
const MOST_MEMBERS: usize = 32;

/// The number of the member that a value is.
fn known(value: Value<'_>, members: &'static [Member]) -> Option<usize> {
    let tag = value.tag();
    members.iter().position(|member| member.tag == tag && value.key_is(member.name))
}

fn object<'d>(checker: &mut Checker<'d>, value: Value<'d>, members: &'static [Member]) {
    // Of equal keys the last one counts.
    let mut present = [None; MOST_MEMBERS];
    let mut all_known = true;
    for member in value.members() {
        match known(member, members).and_then(|at| present.get_mut(at)) {
            Some(place) => *place = Some(member),
            None => all_known = false,
        }
    }
    if !all_known {
        unknown(checker, value, members);
    }
    for (member, found) in members.iter().zip(present) {
        let is_null = found.is_some_and(|found| found.shape() == Shape::Null);
        match found {
            Some(found) if !is_null || member.missing_code.is_empty() => field(checker, found, &member.field),
            _ if member.missing_code.is_empty() => {}
            _ if checker.needs(member.missing_code, value, member.name) => {
                checker.missing(member.missing_code, value, member.name);
            }
            _ => {}
        }
    }
}

fn unknown<'d>(checker: &mut Checker<'d>, value: Value<'d>, members: &'static [Member]) {
    let codes = Codes::of(checker.kind);
    // Hooks have a rule of their own.
    let place = checker.place(value);
    if place == "/hooks" {
        return;
    }
    let names = || members.iter().map(|member| member.name);
    let present: BTreeSet<&str> = value
        .members()
        .filter_map(|member| known(member, members))
        .filter_map(|at| members.get(at))
        .map(|member| member.name)
        .collect();
    for member in value.members().filter(|member| known(*member, members).is_none()) {
        let Some(key) = member.key() else { continue };
        let same = names().find(|name| name.eq_ignore_ascii_case(&key));
        let is_record = checker.kind == Kind::ContainerdRecord && value == checker.document.root();
        let alias = || if codes.are_of_images() { None } else { super::names::member_meant(&key, names()) };
        let other = same.is_none().then(alias).flatten();
        let meant = same.or(other).or_else(|| checker.guess(&key, names()));
        if !codes.are_of_images() && known_elsewhere(checker, &place, &key) {
            if let Some(name) = meant.filter(|name| !present.contains(name)) {
                checker.is_misspelt(value, name);
            }
            continue;
        }
        if let Some(name) = meant {
            let code = if same.is_some() { codes.case } else { codes.unknown };
            // Of two keys that could be meant, only one can get the name.
            let absent = !present.contains(name) && checker.is_misspelt(value, name);
            let edit = member.rename(name).filter(|_| absent);
            let strict = checker.options.strict && !codes.are_of_images();
            let found = match () {
                () if is_record => {
                    let meant = format!("; {name} is");
                    checker.say_key("CTD-CR-0030", member, words::RECORD, &[&Shown(&key), &meant])
                }
                () if same.is_some() || codes.are_of_images() => {
                    checker.say_key(code, member, words::CASE, &[&Shown(&key), &name])
                }
                () => {
                    let weighs =
                        ["noNewPrivileges", "readonly", "seccomp", "maskedPaths", "capabilities"].contains(&name);
                    let loss = if weighs { "; the security setting is lost" } else { "" };
                    checker.say_key(code, member, words::UNKNOWN, &[&Shown(&key), &subject(value), &loss])
                }
            };
            match edit {
                Some(edit) if other.is_some() => found.propose(format!("rename it to {name:?}"), [edit]),
                Some(edit) => found.safe(format!("rename it to {name:?}"), [edit]),
                None => found.propose(format!("{name:?} is there too; remove this one"), member.remove()),
            };
            if absent {
                found.misspelt(value, name);
            }
            if strict {
                found.severity(Severity::Error);
            }
            // What is wrong below the key has another cause.
            let meant = members.iter().find(|known| known.name == name);
            if let Some(meant) = meant.filter(|_| absent && member.shape() != Shape::Null) {
                field(checker, member, &meant.field);
            }
        } else if is_record {
            checker.say_key("CTD-CR-0030", member, words::RECORD, &[&Shown(&key), &""]).warning();
        } else if !codes.are_of_images() {
            let strict = checker.options.strict;
            let home = if checker.is_full() { None } else { home_of(&key, members) };
            let found = checker.say_key(codes.unknown, member, words::UNKNOWN, &[&Shown(&key), &subject(value), &""]);
            if strict {
                found.severity(Severity::Error);
            }
            if let Some(home) = home {
                found.propose(format!("a member of this name belongs in {home}"), []);
            }
        }
    }
}

/// Members about which there is a rule of their own.
fn known_elsewhere(checker: &Checker<'_>, place: &str, key: &str) -> bool {
    if checker.kind == Kind::RuntimeState || checker.kind == Kind::RuntimeFeatures {
        return false;
    }
    match place {
        "/hooks" | "/linux/timeOffsets" => true,
        "/linux" => super::runtime::OLD_MEMBERS.iter().any(|(old, _)| *old == key),
        _ if place.ends_with("/seccomp") || place.contains("/seccomp/syscalls/") => {
            super::runtime::DOCKER_MEMBERS.contains(&key)
        }
        _ => false,
    }
}

/// Where a member of this name belongs in a runtime config, if there is one place.
fn home_of(key: &str, here: &'static [Member]) -> Option<String> {
    let mut homes = Vec::new();
    let mut todo = vec![(String::new(), RUNTIME_CONFIG)];
    while let Some((path, members)) = todo.pop() {
        if members.iter().any(|member| member.name == key) && !std::ptr::eq(members, here) {
            homes.push(if path.is_empty() { "the outermost object".to_owned() } else { path.clone() });
        }
        for member in members {
            if let Type::Object(inner) = member.field.of {
                todo.push((format!("{path}/{}", member.name), inner));
            }
        }
    }
    match homes.as_slice() {
        [home] => Some(home.clone()),
        _ => None,
    }
}

fn field<'d>(checker: &mut Checker<'d>, value: Value<'d>, field: &'static Field) {
    let codes = Codes::of(checker.kind);
    match (&field.of, value.shape()) {
        (_, Shape::Lost) | (Type::Any, _) | (Type::Boolean, Shape::Bool(_)) => {}
        (_, Shape::Null) if field.nullable => {}
        (_, Shape::Null) if codes.are_of_images() => {
            if field.type_code.is_empty() {
                checker.say(codes.null, value, words::NULL, &[&subject(value)]).warning();
            } else {
                wrong_type(checker, value, field);
            }
        }
        (_, Shape::Null) => {
            let edit = value.remove();
            checker.say(codes.null, value, words::NULL, &[&subject(value)]).propose("remove the member", edit);
        }
        (Type::Text, Shape::String) => text(checker, value, field),
        (Type::Integer((least, most)), Shape::Number) => integer(checker, value, field, *least, *most),
        (Type::List(item), Shape::Array) => value.items().for_each(|value| self::item(checker, value, item)),
        (Type::Map(item), Shape::Object) => value.members().for_each(|value| self::item(checker, value, item)),
        (Type::Object(members), Shape::Object) => object(checker, value, members),
        _ => wrong_type(checker, value, field),
    }
}

/// A value among others of its sort. Absent members have a meaning; `null` among items is an empty one.
fn item<'d>(checker: &mut Checker<'d>, value: Value<'d>, field: &'static Field) {
    if value.shape() == Shape::Null && !field.nullable && !matches!(field.of, Type::Any) {
        wrong_type(checker, value, field);
    } else {
        self::field(checker, value, field);
    }
}

fn text<'d>(checker: &mut Checker<'d>, value: Value<'d>, field: &'static Field) {
    let Some(text) = value.as_str() else { return };
    if let Some(pattern) = field.pattern.filter(|pattern| !pattern.fits(&text)) {
        let found =
            checker.say(field.value_code, value, words::PATTERN, &[&subject(value), &Shown(&text), &pattern.text()]);
        if let Some(right) = pattern.meant(&text) {
            found.propose(format!("write {right:?}"), [value.replace(crate::doc::quote(&right))]);
        }
    }
    if field.values.is_empty() || field.values.contains(&&*text) {
        return;
    }
    let list = field.values.join(", ");
    let meant = super::names::meant(field.value_code, &text)
        .filter(|name| field.values.contains(name))
        .or_else(|| prefixed(&text, field.values))
        .or_else(|| checker.guess(&text, field.values.iter().copied()));
    let found = checker.say(field.value_code, value, words::VALUE, &[&subject(value), &Shown(&text), &list]);
    if let Some(meant) = meant {
        let edit = value.replace(crate::doc::quote(meant));
        found.safe(format!("write {meant:?}"), [edit]);
    }
}

/// The name whose prefix somebody left out, as in `ALLOW` for `SCMP_ACT_ALLOW`.
fn prefixed(text: &str, values: &[&'static str]) -> Option<&'static str> {
    if text.is_empty() || text.contains("ALLOW_") {
        return None;
    }
    let upper = text.to_uppercase();
    let matches = |value: &&&str| {
        value
            .strip_suffix(upper.as_str())
            .is_some_and(|prefix| prefix.ends_with('_') && prefix.matches('_').count() <= 3)
    };
    let mut found = values.iter().filter(matches);
    // `SCMP_CMP_EQ` is not the only name that ends in `_EQ`; the shortest has nothing but the prefix before it.
    let first = found.next()?;
    Some(found.fold(first, |short, value| if value.len() < short.len() { value } else { short }))
}

fn integer<'d>(checker: &mut Checker<'d>, value: Value<'d>, field: &'static Field, least: i128, most: i128) {
    let codes = Codes::of(checker.kind);
    let number = value.as_number().unwrap_or_default();
    // Go takes no sign where there are no negative numbers.
    if number.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) || (number == "-0" && least >= 0) {
        let whole = patterns::whole(number);
        match whole {
            Some(whole) => {
                let found = checker.say(codes.form, value, words::FORM, &[&subject(value)]);
                found.safe(format!("write {whole}"), [value.replace(whole.to_string())]);
            }
            None => wrong_type(checker, value, field),
        }
        checker.wrong_type.insert(value.id());
        return;
    }
    let fits = |least: i128, most: i128| value.as_integer().is_some_and(|number| (least..=most).contains(&number));
    if !fits(least, most) {
        checker.wrong_type.insert(value.id());
        // A descriptor's size has a rule of its own.
        let code = if codes.are_of_images() && value.key_is("size") { "OCI-IM-0108" } else { codes.range };
        checker.say(code, value, words::RANGE, &[&subject(value), &Shown(number), &least, &most]);
    } else if let Some(&(least, most, code)) = field.limit.filter(|(least, most, _)| !fits(*least, *most)) {
        checker.wrong_type.insert(value.id());
        let range =
            if most == i128::from(i64::MAX) { format!("at least {least}") } else { format!("{least} to {most}") };
        let found = checker.say(code, value, words::LIMIT, &[&subject(value), &number, &range]);
        // What stat(2) tells of a node is its mode with the bits of its type. Runtimes leave these out.
        let kind = value.parent().and_then(|device| device.get("type")).and_then(Value::as_str);
        let bits = match kind.as_deref() {
            Some("c" | "u") => 0o020_000,
            Some("b") => 0o060_000,
            Some("p") => 0o010_000,
            _ => 0,
        };
        let mode = value.as_integer().unwrap_or_default();
        if code == "OCI-RT-0709" && bits > 0 && (bits..=bits + 0o777).contains(&mode) {
            let mode = mode - bits;
            found.warning().propose(format!("write {mode}, without the type"), [value.replace(mode.to_string())]);
            return;
        }
        // `"fileMode": 666` was meant as octal.
        let octal = || u32::from_str_radix(number, 8).ok();
        if let (511, "OCI-RT-0709", Some(mode)) = (most, code, octal()) {
            found.propose(format!("write {mode}, which is {number} in octal"), [value.replace(mode.to_string())]);
        }
    }
}

fn name(shape: Shape) -> &'static str {
    match shape {
        Shape::Null => "null",
        Shape::Bool(_) => "a truth value",
        Shape::Number => "a number",
        Shape::String => "a string",
        Shape::Array => "a list",
        Shape::Object => "an object",
        Shape::Lost => "unreadable",
    }
}

/// How a message calls a value: the end of its pointer, with what holds it if it is in a list.
pub(super) fn subject(value: Value<'_>) -> String {
    let Some(parent) = value.parent() else { return "the document".into() };
    match (value.key(), parent.parent()) {
        (Some(key), Some(_)) if parent.shape() == Shape::Object => match parent.key() {
            Some(holder) => format!("{}.{}", Shown(&holder), Shown(&key)),
            None => Shown(&key).to_string(),
        },
        (Some(key), _) => Shown(&key).to_string(),
        (None, _) => match parent.key() {
            Some(holder) => format!("{}[{}]", Shown(&holder), value.position()),
            None => format!("item {}", value.position()),
        },
    }
}
