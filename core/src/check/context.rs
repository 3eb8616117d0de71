//! What the rules write their findings to.

use super::fields::{self, subject};
use super::nearest::nearest;
use super::{
    Change, Diagnostic, Host, Kind, Options, Phase, Platform, Profile, Related, Report, Rule, Severity, Skipped,
    Suggestion, Verdict, detect, explain, image, place::Places, record, runtime, syntax,
};
use crate::doc::{Document, Edit, Shape, Span, Value};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};

/// A check under way.
pub(super) struct Checker<'d> {
    pub(super) document: &'d Document<'d>,
    /// The object that the rules look at: the root, or the spec inside a record.
    pub(super) root: Value<'d>,
    pub(super) kind: Kind,
    pub(super) options: &'d Options<'d>,
    pub(super) platform: Platform,
    found: Vec<Found>,
    /// Takes what comes when there is too much.
    surplus: Found,
    lost: usize,
    /// In order.
    skipped: Vec<Skipped>,
    /// Members that are there under a wrong name: the object's number and the right name.
    misspelt: BTreeSet<(u32, &'static str)>,
    /// Those of them without which rules would have found something: the rules' codes.
    needed: RefCell<BTreeMap<(u32, &'static str), Vec<&'static str>>>,
    /// Where secrets stand, by their first bytes.
    secrets: BTreeMap<usize, Span>,
    /// Values that a rule about their type has spoken about.
    pub(super) wrong_type: BTreeSet<u32>,
    /// How often a name was guessed before there was a finding.
    guessed: Cell<usize>,
}

/// More findings than anybody reads, and few enough for any machine.
const MAX_KEPT: usize = 20_000;

/// How many findings get a guess of what was meant.
const MAX_GUESSES: usize = 500;

/// How often a name is guessed at all.
const MAX_TRIES: usize = 50_000;

/// The longest pointer of a finding, in bytes. What is deeper inside longer keys is reported at its holder.
const MAX_POINTER: usize = 8192;

/// A finding under way; its text is known, its line is not.
#[derive(Default)]
pub(super) struct Found {
    code: &'static str,
    rule: Option<&'static Rule>,
    /// How many findings were there before.
    ordinal: usize,
    severity: Option<Severity>,
    pointer: String,
    missing: Option<String>,
    span: Option<Span>,
    value: Option<String>,
    /// The place of the value.
    value_span: Option<Span>,
    message: String,
    suggestion: Option<(String, bool, Vec<Edit>)>,
    related: Vec<(String, Span, String)>,
    /// The member that stands here under a wrong name.
    misspelt: Option<(u32, &'static str)>,
    /// The profiles that take this, beside those that take whatever the rule finds.
    accepted: &'static [&'static str],
    /// The profiles that refuse this, though they take what else the rule finds, or though it is a warning.
    refused: &'static [&'static str],
}

impl Found {
    /// The words given, or else the rule's.
    fn words(&self, given: &'static str) -> &'static str {
        if given.is_empty() { self.rule.map_or("", |rule| rule.message) } else { given }
    }

    /// What is said about a value.
    fn about(&mut self, value: Value<'_>, words: &'static str, args: &[&dyn Display]) {
        self.message = fill(self.code, self.words(words), args);
        self.pointer = pointer(value);
        self.value = Some(cut(value));
        self.value_span = Some(value.span());
    }

    /// The name that was probably meant. Only the first findings get guesses: nobody reads on, and guessing takes long.
    pub(super) fn guess<'n>(&self, text: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        if self.ordinal < MAX_GUESSES { nearest(text, names) } else { None }
    }

    /// It is worse or less bad than the rule says.
    pub(super) fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = Some(severity);
        self
    }

    /// It is a warning here.
    pub(super) fn warning(&mut self) -> &mut Self {
        self.severity(Severity::Warning)
    }

    /// Changes that keep the meaning, or that are the only possible reading.
    pub(super) fn safe(&mut self, text: impl Into<String>, edits: impl IntoIterator<Item = Edit>) -> &mut Self {
        self.suggestion = Some((text.into(), true, edits.into_iter().collect()));
        self
    }

    /// Changes that somebody has to agree to.
    pub(super) fn propose(&mut self, text: impl Into<String>, edits: impl IntoIterator<Item = Edit>) -> &mut Self {
        self.suggestion = Some((text.into(), false, edits.into_iter().collect()));
        self
    }

    /// Another place that has to do with it.
    pub(super) fn related(&mut self, value: Value<'_>, message: impl Into<String>) -> &mut Self {
        // What is one too many has no code.
        if !self.code.is_empty() {
            self.related.push((pointer(value), value.span(), message.into()));
        }
        self
    }

    /// These runtimes, by the names of profiles, were seen to start such a container.
    pub(super) fn accepted(&mut self, by: &'static [&'static str]) -> &mut Self {
        self.accepted = by;
        self
    }

    /// These runtimes, by the names of profiles, were seen to refuse it, whatever the rule says otherwise.
    pub(super) fn refused(&mut self, by: &'static [&'static str]) -> &mut Self {
        self.refused = by;
        self
    }

    /// It is a member under a wrong name.
    pub(super) fn misspelt(&mut self, object: Value<'_>, name: &'static str) -> &mut Self {
        self.misspelt = Some((object.id(), name));
        self
    }

    /// It is about the whole of this value, though the text points at a part.
    pub(super) fn for_parent(&mut self, value: Value<'_>) -> &mut Self {
        self.pointer = pointer(value);
        self
    }

    /// The value is not shown.
    pub(super) fn redact(&mut self) -> &mut Self {
        self.value = Some("\"<redacted>\"".into());
        self
    }
}

impl<'d> Checker<'d> {
    pub(super) fn new(document: &'d Document<'d>, kind: Kind, options: &'d Options<'d>) -> Self {
        let root = document.root();
        Checker {
            document,
            root,
            kind,
            options,
            platform: options.platform.unwrap_or_else(|| guess(root)),
            found: Vec::new(),
            surplus: Found::default(),
            lost: 0,
            skipped: Vec::new(),
            misspelt: BTreeSet::new(),
            needed: RefCell::default(),
            secrets: BTreeMap::new(),
            wrong_type: BTreeSet::new(),
            guessed: Cell::new(0),
        }
    }

    pub(super) fn run(&mut self, kind: Kind) {
        self.kind = kind;
        syntax::check(self);
        if let Some(other) = detect::contradicts(self.document, kind) {
            return self.contradicts(kind, other);
        }
        match kind {
            Kind::RuntimeConfig | Kind::RuntimeFeatures | Kind::RuntimeState | Kind::Seccomp => runtime::check(self),
            Kind::ContainerdRecord => record::check(self),
            _ => image::check(self),
        }
    }

    /// A text whose kind nobody can tell.
    pub(super) fn undecided(&mut self) {
        syntax::check(self);
        let first = self.root.items().next();
        let has = |value: Option<Value<'_>>, name: &str| value.is_some_and(|value| value.get(name).is_some());
        if has(first, "RepoTags") && has(first, "Layers") {
            let words = "this is the list of images that {} writes; check the manifests and configs that it names";
            self.say("OCI-IM-0004", self.root, words, &[&"docker save"]);
        } else if has(first, "Id") && has(first, "Config") {
            let words = "this is what {} prints; check the config.json of the container's bundle";
            self.say("OCI-IM-0004", self.root, words, &[&"docker inspect or podman inspect"]);
        } else if has(Some(self.root), "apiVersion") && has(Some(self.root), "kind") {
            let words = "this is an object of {}; check the config.json of the container's bundle";
            self.say("OCI-IM-0004", self.root, words, &[&"Kubernetes"]);
        } else if self.root.shape() == Shape::Object {
            self.at("OCI-IM-0004", self.root, &[]);
        } else {
            fields::check(self, self.root, &[]);
        }
    }

    /// A text that is of another kind than the caller says.
    fn contradicts(&mut self, kind: Kind, other: Kind) {
        let words = "this looks like {}, not like {}";
        self.say("OCI-IM-0004", self.root, words, &[&other.name(), &kind.name()]);
    }

    /// Sets out to check the runtime config inside a record.
    pub(super) fn enter(&mut self, spec: Value<'d>) {
        self.root = spec;
        self.platform = self.options.platform.unwrap_or_else(|| guess(spec));
    }

    /// Whether findings are only counted from here on.
    pub(super) fn is_full(&self) -> bool {
        self.found.len() >= MAX_KEPT
    }

    /// Counts a finding when there are too many.
    pub(super) fn count_only(&mut self) {
        self.lost += 1;
    }

    /// A finding that `fill_in` completes, unless it is one too many.
    fn add(&mut self, code: &'static str, span: Span, fill_in: impl FnOnce(&mut Found)) -> &mut Found {
        let ordinal = self.found.len();
        if self.is_full() {
            self.lost += 1;
            self.surplus = Found { ordinal, ..Found::default() };
            return &mut self.surplus;
        }
        let rule = explain(code);
        debug_assert!(rule.is_some(), "no rule {code}");
        let mut found = Found { code, rule, ordinal, span: Some(span), ..Found::default() };
        fill_in(&mut found);
        self.found.push(found);
        // The last one is there: it was pushed.
        self.found.last_mut().unwrap_or(&mut self.surplus)
    }

    /// A finding at a value, in the words of the rule.
    pub(super) fn at(&mut self, code: &'static str, value: Value<'_>, args: &[&dyn Display]) -> &mut Found {
        self.say(code, value, "", args)
    }

    /// A finding at a value, in words that several rules share.
    pub(super) fn say(
        &mut self,
        code: &'static str,
        value: Value<'_>,
        words: &'static str,
        args: &[&dyn Display],
    ) -> &mut Found {
        self.add(code, value.span(), |found| found.about(value, words, args))
    }

    /// A finding at a member's key, in the words of the rule.
    pub(super) fn key(&mut self, code: &'static str, member: Value<'_>, args: &[&dyn Display]) -> &mut Found {
        self.say_key(code, member, "", args)
    }

    /// A finding at a member's key, in words that several rules share.
    pub(super) fn say_key(
        &mut self,
        code: &'static str,
        member: Value<'_>,
        words: &'static str,
        args: &[&dyn Display],
    ) -> &mut Found {
        self.add(code, member.key_span().unwrap_or(member.span()), |found| found.about(member, words, args))
    }

    /// A finding at a part of the text.
    pub(super) fn text(
        &mut self,
        code: &'static str,
        span: Span,
        words: &'static str,
        arg: &dyn Display,
    ) -> &mut Found {
        self.add(code, span, |found| found.message = fill(code, words, &[arg]))
    }

    /// A member that an object lacks.
    pub(super) fn missing(&mut self, code: &'static str, object: Value<'_>, name: &str) -> &mut Found {
        let start = object.span().start;
        self.add(code, Span { start, end: start + 1 }, |found| {
            let words = found.words("");
            found.message = match words.contains("{}") || words.is_empty() {
                true => format!("{} has no {name}", subject(object)),
                false => words.to_owned(),
            };
            found.pointer = pointer(object);
            found.missing = Some(name.to_owned());
        })
    }

    /// Where a value is in the object that the rules look at, with `*` for positions.
    pub(super) fn place(&self, value: Value<'d>) -> String {
        let mut steps = Vec::new();
        let mut at = value;
        if keys(value) > MAX_POINTER {
            return String::new();
        }
        while at != self.root {
            let Some(parent) = at.parent() else { break };
            steps.push(at.key().unwrap_or("*".into()));
            at = parent;
        }
        steps.iter().rev().fold(String::new(), |place, step| place + "/" + step)
    }

    /// The name that was probably meant by something that will be a finding.
    pub(super) fn guess<'n>(&self, text: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
        // Not every name that is unknown is a finding.
        let guessed = self.guessed.replace(self.guessed.get() + 1);
        let ordinal = if guessed < MAX_TRIES { self.found.len() + self.lost } else { MAX_GUESSES };
        Found { ordinal, ..Found::default() }.guess(text, names)
    }

    /// Takes over the findings of a check of another text, at a value that holds that text.
    pub(super) fn adopt(&mut self, value: Value<'_>, report: Report) {
        // Nothing in the record is at these pointers; they are those of a record that shows the text as it is.
        let pointer = pointer(value.parent().unwrap_or(value));
        for diagnostic in report.diagnostics {
            let found = Found {
                code: diagnostic.code,
                rule: explain(diagnostic.code),
                severity: Some(diagnostic.severity),
                pointer: pointer.clone() + &diagnostic.pointer,
                missing: diagnostic.missing,
                span: Some(value.span()),
                value: diagnostic.value,
                message: diagnostic.message,
                ..Found::default()
            };
            if self.found.len() < MAX_KEPT {
                self.found.push(found);
            } else {
                self.lost += 1;
            }
        }
        report.skipped.into_iter().for_each(|skipped| self.skip(skipped));
    }

    /// Remembers that a member is there under another name, so that nobody calls it missing; whether that is news.
    pub(super) fn is_misspelt(&mut self, object: Value<'_>, name: &'static str) -> bool {
        self.misspelt.insert((object.id(), name))
    }

    /// Keeps a value out of what is printed.
    pub(super) fn conceal(&mut self, value: Value<'_>) {
        if self.options.show_secrets {
            return;
        }
        self.secrets.insert(value.span().start, value.span());
    }

    /// Whether an object lacks a member, under its name and under any that was probably meant. `null` is no member.
    pub(super) fn lacks(&self, object: Value<'_>, name: &'static str) -> bool {
        object.shape() == Shape::Object
            && object.get(name).is_none_or(|member| member.shape() == Shape::Null)
            && !self.misspelt.contains(&(object.id(), name))
    }

    /// The same, asked for a rule about what is missing. If the member is there under a wrong name, the finding about that
    /// name is as bad as this rule's would have been: it has the same cause.
    pub(super) fn needs(&self, code: &'static str, object: Value<'_>, name: &'static str) -> bool {
        if self.misspelt.contains(&(object.id(), name)) {
            let mut needed = self.needed.borrow_mut();
            let codes = needed.entry((object.id(), name)).or_default();
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        self.lacks(object, name)
    }

    /// Whether a value lacks a member that a rule asks for, or has it as an empty list or string.
    pub(super) fn needs_more(&self, code: &'static str, object: Value<'_>, name: &'static str) -> bool {
        self.needs(code, object, name) || (object.get(name).is_some() && self.lacks_or_empty(object, name))
    }

    /// Whether a value lacks a member or has it as an empty list or string.
    pub(super) fn lacks_or_empty(&self, object: Value<'_>, name: &'static str) -> bool {
        match object.get(name) {
            Some(member) => match member.shape() {
                Shape::Array | Shape::Object => member.children().next().is_none(),
                Shape::String => member.raw() == b"\"\"",
                _ => self.lacks(object, name),
            },
            None => self.lacks(object, name),
        }
    }

    /// Notes a rule that could not be asked, once.
    fn skip(&mut self, skipped: Skipped) {
        if let Err(place) = self.skipped.binary_search(&skipped) {
            self.skipped.insert(place, skipped);
        }
    }

    /// What a host would say; a rule that goes without is noted.
    pub(super) fn ask<T>(
        &mut self,
        code: &'static str,
        needs: &'static str,
        question: impl FnOnce(&dyn Host) -> Option<T>,
    ) -> Option<T> {
        let answer = self.options.host.and_then(question);
        if answer.is_none() {
            self.skip(Skipped { code, needs });
        }
        answer
    }

    /// The findings in the order of the text.
    pub(super) fn finish(mut self, kind: Option<Kind>) -> Report {
        let options = self.options;
        let mut found = std::mem::take(&mut self.found);
        for one in &mut found {
            let conceals = one.value_span.is_some_and(|span| self.secrets.range(span.start..span.end).next().is_some());
            if conceals {
                one.redact();
            }
            let stated = one.severity.or(one.rule.map(|rule| rule.severity)).unwrap_or(Severity::Error);
            let needed = self.needed.borrow();
            let codes = one.misspelt.and_then(|member| needed.get(&member)).into_iter().flatten();
            let errors = codes.filter_map(|code| explain(code)).filter(|rule| rule.severity == Severity::Error);
            // The one that the fewest let pass.
            let stated = match errors.min_by_key(|rule| self.options.profile.accepts(rule)) {
                Some(rule) => {
                    // Go takes a key in any case for the member.
                    one.accepted = if one.code.ends_with("-0008") { &["runc-1.1"] } else { &rule.accepted_by };
                    Severity::Error
                }
                None => stated,
            };
            one.severity = Some(self.for_profile(one, stated));
        }
        found.retain(|one| {
            let severity = one.severity.unwrap_or(Severity::Error);
            severity >= options.min_severity
                && (options.advice || severity > Severity::Advice)
                && !options.ignore.iter().any(|ignore| ignore.takes(one.code, &one.pointer))
        });
        let start = |one: &Found| one.span.map_or(0, |span| span.start);
        found.sort_by(|a, b| {
            (start(a), b.severity, a.code, &a.pointer, &a.missing).cmp(&(
                start(b),
                a.severity,
                b.code,
                &b.pointer,
                &b.missing,
            ))
        });
        found.dedup_by(|a, b| (a.span, a.code, &a.pointer, &a.message) == (b.span, b.code, &b.pointer, &b.message));
        let surplus = found.len().saturating_sub(options.max_findings) + self.lost;
        found.truncate(options.max_findings);
        let spans =
            found.iter().flat_map(|one| one.span.into_iter().chain(one.related.iter().map(|related| related.1)));
        let secrets: Vec<Span> = self.secrets.values().copied().collect();
        let places = Places::new(self.document.text(), spans.chain(secrets.iter().copied()));
        let mut diagnostics: Vec<_> = found.into_iter().map(|one| one.finish(&places)).collect();
        if surplus > 0 {
            diagnostics.push(Diagnostic {
                code: "OCI-RT-0009",
                severity: Severity::Warning,
                pointer: String::new(),
                missing: None,
                span: places.of(Span { start: 0, end: 0 }),
                value: None,
                message: format!("{surplus} more findings are not listed"),
                explain: "",
                suggestion: None,
                related: Vec::new(),
                refs: Vec::new(),
                refused_by: Vec::new(),
            });
        }
        let verdict = match diagnostics.iter().map(|one| one.severity).max() {
            Some(Severity::Error) => Verdict::Invalid,
            Some(Severity::Warning) => Verdict::Warnings,
            _ => Verdict::Valid,
        };
        let root = self.document.root();
        let version = ["ociVersion", "imageLayoutVersion"].iter().find_map(|name| root.get(name)?.as_str());
        Report {
            kind,
            spec_version: version.map(std::borrow::Cow::into_owned),
            verdict,
            diagnostics,
            skipped: self.skipped,
            secrets: secrets.into_iter().map(|span| places.of(span)).collect(),
        }
    }

    /// What a severity comes to under the profile and the phase.
    fn for_profile(&self, one: &Found, severity: Severity) -> Severity {
        let Options { profile, phase, .. } = self.options;
        if one.refused.contains(&profile.name()) || profile.refuses(one.code) {
            return Severity::Error;
        }
        if severity != Severity::Error {
            return severity;
        }
        let accepts = profile.takes(one.accepted) || one.rule.is_some_and(|rule| profile.accepts(rule));
        let of_runtimes =
            ["OCI-RT-0110", "OCI-RT-0130", "OCI-RT-0131", "OCI-RT-0201", "OCI-RT-0408"].contains(&one.code);
        let of_start = ["OCI-RT-0201", "OCI-RT-0205"].contains(&one.code);
        let mild = accepts
            || (*profile == Profile::RuntimeSpec && of_runtimes)
            || (*phase == Phase::Create && of_start && one.missing.is_some());
        if mild { Severity::Warning } else { severity }
    }
}

impl Found {
    fn finish(self, places: &Places) -> Diagnostic {
        let rule = self.rule;
        let suggestion = match self.suggestion {
            Some((text, safe, edits)) => {
                let change = |edit: Edit| Change { start: edit.span.start, end: edit.span.end, replacement: edit.text };
                Some(Suggestion { text, safe, edits: edits.into_iter().map(change).collect() })
            }
            None => rule.filter(|rule| !rule.fix.is_empty()).map(|rule| Suggestion {
                text: rule.fix.to_owned(),
                safe: false,
                edits: Vec::new(),
            }),
        };
        let related = self.related.into_iter();
        Diagnostic {
            code: self.code,
            severity: self.severity.unwrap_or(Severity::Error),
            pointer: self.pointer,
            missing: self.missing,
            span: self.span.map(|span| places.of(span)).unwrap_or_default(),
            value: self.value,
            message: self.message,
            explain: rule.map_or("", |rule| rule.tools),
            suggestion,
            related: related
                .map(|(pointer, span, message)| Related { pointer, span: places.of(span), message })
                .collect(),
            refs: rule.map(|rule| rule.basis.split("; ").filter(|text| !text.is_empty()).collect()).unwrap_or_default(),
            refused_by: rule.into_iter().flat_map(Rule::refusals).collect(),
        }
    }
}

/// Where a value is.
fn pointer(value: Value<'_>) -> String {
    let mut value = value;
    while keys(value) > MAX_POINTER {
        let Some(parent) = value.parent() else { break };
        value = parent;
    }
    value.pointer()
}

/// How long the keys above a value are together.
fn keys(value: Value<'_>) -> usize {
    let above = std::iter::successors(Some(value), |value| value.parent());
    above.filter_map(Value::key_span).map(|span| span.end - span.start).sum()
}

/// A template with its places filled.
fn fill(code: &str, template: &str, args: &[&dyn Display]) -> String {
    debug_assert!(!template.is_empty(), "{code} says nothing");
    debug_assert_eq!(template.matches("{}").count(), args.len(), "the arguments of {code}");
    let mut text = String::with_capacity(template.len() + 32 * args.len());
    let mut rest = template;
    for arg in args {
        let Some((part, behind)) = rest.split_once("{}") else { break };
        text += part;
        // A String takes everything.
        let _ = write!(text, "{arg}");
        rest = behind;
    }
    text + rest
}

/// A value as it is shown: at most 200 characters of it.
fn cut(value: Value<'_>) -> String {
    let raw = value.raw();
    if let (true, Ok(text)) = (raw.len() <= 200, std::str::from_utf8(raw)) {
        return text.to_owned();
    }
    // A character has four bytes at most, and mostly one.
    let head = raw.get(..200).filter(|head| head.is_ascii());
    let text = String::from_utf8_lossy(head.or(raw.get(..800)).unwrap_or(raw));
    let cut: String = text.chars().take(200).collect();
    if cut.len() < raw.len() { cut + "…" } else { cut }
}

/// A text as it is shown in a message: at most 80 characters, control characters as escapes.
pub(super) struct Shown<'t>(pub(super) &'t str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.len() <= 80 && self.0.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return f.write_str(self.0);
        }
        for c in self.0.chars().take(80) {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        if self.0.chars().nth(80).is_some() { write!(f, "…") } else { Ok(()) }
    }
}

fn guess(root: Value<'_>) -> Platform {
    let has = |name| root.get(name).is_some_and(|member| member.shape() != Shape::Null);
    Platform::ALL.iter().find(|(_, name)| has(name)).map_or(Platform::Linux, |(platform, _)| *platform)
}
