//! What is wrong with the text itself: what is not JSON, and keys that occur twice.

use super::context::{Checker, Shown};
use super::fields::Codes;
use crate::doc::{Document, Problem, ProblemKind, Shape, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

const WORDS: &str = "the text is not right here: {}";
const TWICE: &str = "the key {} occurs twice in one object; the last one counts";

pub(super) fn check(checker: &mut Checker<'_>) {
    let document = checker.document;
    problems(checker, document);
    duplicates(checker, document.root());
    if document.depth() > 100 || document.text().len() > 1 << 20 {
        size(checker);
    }
}

fn problems(checker: &mut Checker<'_>, document: &Document<'_>) {
    let of_images = Codes::of(checker.kind).are_of_images();
    if let (Some(format), Some(first)) = (other_format(document), document.problems().first()) {
        let code = if of_images { "OCI-IM-0001" } else { "OCI-RT-0001" };
        checker.text(code, first.span, "the text is not JSON: it looks like {}", &format);
        return;
    }
    // Where the structure is lost at one place, what it looks like at another is a guess.
    let lost = |problem: &Problem| problem.edits.is_empty() && problem.kind.is_of_structure();
    let guessed = document.problems().iter().any(lost);
    for problem in document.problems() {
        let text = problem.kind.text();
        let code = match problem.kind {
            _ if of_images => "OCI-IM-0001",
            ProblemKind::NotUtf8 | ProblemKind::LoneSurrogate => "OCI-RT-0002",
            ProblemKind::TrailingData => "OCI-RT-0003",
            ProblemKind::ByteOrderMark | ProblemKind::Utf16 => "OCI-RT-0005",
            ProblemKind::TooLong | ProblemKind::TooDeep => "OCI-RT-0009",
            ProblemKind::NumberForm => "OCI-RT-0013",
            _ => "OCI-RT-0001",
        };
        let found = checker.text(code, problem.span, WORDS, &text);
        if code == "OCI-RT-0009" {
            found.severity(super::Severity::Error);
        }
        if !problem.edits.is_empty() {
            let edits = problem.edits.iter().cloned();
            match guessed {
                true => found.propose("correct the text", edits),
                false => found.safe("correct the text", edits),
            };
        }
    }
}

/// What a text is that is no JSON from its first letter on.
fn other_format(document: &Document<'_>) -> Option<&'static str> {
    let text = document.text();
    // A key and a colon, or the mark between the documents of a stream.
    let line =
        text.split(|byte| *byte == b'\n').find(|line| !line.starts_with(b"#") && !line.trim_ascii().is_empty())?;
    let letters = line.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' && *byte != b'-');
    let behind = letters.filter(|at| *at > 0).and_then(|at| line.get(at..)).unwrap_or_default();
    match text {
        [0x1f, 0x8b, ..] => Some("gzip; decompress it first"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd; decompress it first"),
        [b'<', ..] => Some("XML or HTML, perhaps the answer of a server"),
        _ if line.trim_ascii_end() == b"---" || behind.starts_with(b": ") || behind.trim_ascii() == b":" => {
            Some("YAML; convert it first")
        }
        _ => None,
    }
}

/// Size that some tool will not take.
fn size(checker: &mut Checker<'_>) {
    let root = checker.document.root();
    if Codes::of(checker.kind).are_of_images() {
        return;
    }
    if checker.document.problems().iter().any(|one| matches!(one.kind, ProblemKind::TooLong | ProblemKind::TooDeep)) {
        return;
    }
    checker.at("OCI-RT-0009", root, &[]);
}

fn duplicates(checker: &mut Checker<'_>, root: Value<'_>) {
    let mut todo = vec![root];
    while let Some(value) = todo.pop() {
        let mut keys = Keys::of(value);
        for child in value.children() {
            if matches!(child.shape(), Shape::Array | Shape::Object) {
                todo.push(child);
            }
            if child.key_span().is_none() {
                continue;
            }
            if let Some(first) = keys.insert(child) {
                if checker.is_full() {
                    checker.count_only();
                    continue;
                }
                let key = child.key().unwrap_or_default();
                let of_images = Codes::of(checker.kind).are_of_images();
                let code = match of_images {
                    true if value.key_is("annotations") || value.key_is("Labels") => "OCI-IM-0609",
                    true => "OCI-IM-0001",
                    false => "OCI-RT-0006",
                };
                let found = checker.say_key(code, child, TWICE, &[&Shown(&key)]).warning();
                found.related(first, "it is here already").propose("remove one of them", first.remove());
            }
        }
    }
}

/// The keys of one object so far.
struct Keys<'d> {
    object: Value<'d>,
    /// A bit for each tag that was there, by its remainder.
    tags: u64,
    count: usize,
    /// All of them, once they are many.
    many: BTreeMap<Cow<'d, str>, Value<'d>>,
}

/// How many members are looked through one by one.
const FEW: usize = 24;

impl<'d> Keys<'d> {
    fn of(object: Value<'d>) -> Self {
        Keys { object, tags: 0, count: 0, many: BTreeMap::new() }
    }

    /// Takes the next member, and gives the one before it that has its key.
    fn insert(&mut self, member: Value<'d>) -> Option<Value<'d>> {
        let before = || self.object.children().take_while(|other| *other != member);
        if self.count == FEW {
            self.many = before().filter_map(|other| Some((other.key()?, other))).collect();
        }
        self.count += 1;
        if self.count > FEW {
            return self.many.insert(member.key()?, member);
        }
        let tag = member.tag();
        // The lowest bit of a tag is always set.
        let bit = 1 << ((tag >> 1) % 64);
        let is_new = self.tags & bit == 0;
        self.tags |= bit;
        if is_new {
            return None;
        }
        before().filter(|other| other.tag() == tag && other.key() == member.key()).last()
    }
}
