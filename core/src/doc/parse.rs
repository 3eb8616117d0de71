//! Reading with recovery. No recursion: the open lists and objects are a list of our own.

use super::{
    Document, Edit, MAX_DEPTH, MAX_LENGTH, MAX_PROBLEMS, NO_TAG, Node, Problem, ProblemKind, Shape, Span, bit, edit,
    string, tag,
};

/// What may come next in an open list or object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value or the closing bracket.
    First,
    /// A value; the comma before it is at this offset.
    Next(usize),
    /// A comma or the closing bracket.
    Comma,
}

/// A list or object that is not closed yet.
struct Open {
    node: usize,
    object: bool,
    expect: Expect,
    children: u32,
    /// The bits of its members' tags.
    keys: u32,
}

/// A key that was read.
#[derive(Clone, Copy)]
struct Key {
    span: Span,
    tag: u16,
    plain: bool,
}

struct Parser<'t> {
    text: &'t [u8],
    /// The text, if it is UTF-8.
    utf8: &'t str,
    at: usize,
    nodes: Vec<Node>,
    open: Vec<Open>,
    /// How many of the open ones are objects.
    open_objects: usize,
    /// The end of the last token that was no space.
    behind: usize,
    deepest: usize,
    /// The text ends inside a string, a comment or a member: nobody knows what stood behind.
    cut: bool,
    problems: Vec<Problem>,
}

pub(super) fn parse(text: &[u8]) -> Document<'_> {
    let mut parser = Parser {
        text,
        utf8: "",
        at: 0,
        // Texts in lines have a value in so many bytes.
        nodes: Vec::with_capacity(text.len() / 32 + 1),
        open: Vec::new(),
        open_objects: 0,
        behind: 0,
        deepest: 0,
        cut: false,
        problems: Vec::new(),
    };
    parser.document();
    let Parser { utf8, nodes, mut problems, deepest, .. } = parser;
    problems.sort_by_key(|problem| problem.span.start);
    Document { text, utf8, nodes, problems, deepest }
}

const NO_KEY: Key = Key { span: Span { start: 0, end: 0 }, tag: NO_TAG, plain: false };

impl Parser<'_> {
    fn document(&mut self) {
        if self.text.len() > MAX_LENGTH {
            return self.unread(ProblemKind::TooLong);
        }
        match self.text {
            // With a mark at its start, or with a zero beside each letter.
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, 1..=255, ..] | [1..=255, 0, _, 0, ..] => {
                return self.unread(ProblemKind::Utf16);
            }
            [0xef, 0xbb, 0xbf, ..] => {
                let mark = Span { start: 0, end: 3 };
                self.problem(ProblemKind::ByteOrderMark, mark, vec![Edit::delete(mark)]);
                self.at = 3;
            }
            _ => {}
        }
        match std::str::from_utf8(self.text) {
            Ok(utf8) => self.utf8 = utf8,
            Err(error) => {
                let start = error.valid_up_to();
                self.problem(ProblemKind::NotUtf8, Span { start, end: start + 1 }, Vec::new());
            }
        }
        self.space();
        if self.peek().is_none() {
            return self.unread(ProblemKind::Empty);
        }
        self.value(NO_KEY);
        while !self.open.is_empty() {
            self.step();
        }
        self.space();
        if self.at < self.text.len() {
            let span = Span { start: self.at, end: self.text.len() };
            let rest = self.text.get(self.at..).unwrap_or_default().trim_ascii();
            let edits = if rest == b"}" { vec![Edit::delete(span)] } else { Vec::new() };
            self.problem(ProblemKind::TrailingData, span, edits);
        }
    }

    /// A text of which nothing could be read.
    fn unread(&mut self, kind: ProblemKind) {
        self.problem(kind, Span { start: 0, end: self.text.len().min(1) }, Vec::new());
        self.at = self.text.len();
        self.leaf(Shape::Lost, NO_KEY, self.text.len());
    }

    fn problem(&mut self, kind: ProblemKind, span: Span, edits: Vec<Edit>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { kind, span, edits });
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn starts_with(&self, text: &[u8]) -> bool {
        self.text.get(self.at..).is_some_and(|rest| rest.starts_with(text))
    }

    /// Goes over white space and comments.
    fn space(&mut self) {
        // Mostly there is none: before a colon or a comma, behind a bracket.
        if !matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r' | b'#' | b'/')) {
            return;
        }
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => {
                    self.at += 1;
                    self.at += string::blank_length(self.text.get(self.at..).unwrap_or_default());
                }
                Some(b'#') => self.comment(b"\n"),
                Some(b'/') if self.starts_with(b"//") => self.comment(b"\n"),
                Some(b'/') if self.starts_with(b"/*") => self.comment(b"*/"),
                _ => return,
            }
        }
    }

    fn comment(&mut self, close: &[u8]) {
        let start = self.at;
        let rest = self.text.get(start + 1..).unwrap_or_default();
        // `/*/` is not a whole comment.
        let skip = usize::from(close == b"*/");
        let found = rest.get(skip..).unwrap_or_default().windows(close.len()).position(|window| window == close);
        self.at = match found {
            // The line feed is not part of the comment.
            Some(length) if close == b"\n" => start + 1 + length,
            Some(length) => start + 1 + skip + length + close.len(),
            None => self.text.len(),
        };
        let span = Span { start, end: self.at };
        let open = found.is_none() && close == b"*/";
        self.cut |= open;
        let edits = if open { Vec::new() } else { vec![Edit::delete(span)] };
        self.problem(ProblemKind::Comment, span, edits);
    }

    /// One move inside the innermost open list or object.
    fn step(&mut self) {
        self.space();
        let Some(open) = self.open.last() else { return };
        let (object, expect) = (open.object, open.expect);
        let close = if object { b'}' } else { b']' };
        match (self.peek(), expect) {
            (None, _) => self.end_of_text(),
            (Some(byte), _) if byte == close => {
                if let Expect::Next(comma) = expect {
                    let span = Span { start: comma, end: comma + 1 };
                    self.problem(ProblemKind::TrailingComma, span, vec![Edit::delete(span)]);
                }
                self.at += 1;
                self.close();
            }
            (Some(byte @ (b'}' | b']')), _) => self.wrong_close(byte),
            (Some(b','), Expect::Comma) => {
                self.set_expect(Expect::Next(self.at));
                self.at += 1;
            }
            (Some(b','), _) => {
                let span = Span { start: self.at, end: self.at + 1 };
                self.problem(ProblemKind::ExtraComma, span, vec![Edit::delete(span)]);
                self.at += 1;
            }
            (Some(byte), Expect::Comma) => {
                let begins =
                    matches!(byte, b'"' | b'\'' | b'{' | b'[' | b'-' | b'_' | b'$') || byte.is_ascii_alphanumeric();
                if begins {
                    let span = Span { start: self.at, end: self.at + 1 };
                    self.problem(ProblemKind::MissingComma, span, vec![Edit::insert(self.behind, ",")]);
                    self.set_expect(Expect::First);
                } else {
                    self.unexpected();
                }
            }
            (Some(_), _) => {
                self.set_expect(Expect::Comma);
                if object { self.member() } else { self.value(NO_KEY) }
            }
        }
    }

    fn set_expect(&mut self, expect: Expect) {
        if let Some(open) = self.open.last_mut() {
            open.expect = expect;
        }
    }

    /// Goes over what belongs nowhere, up to what can be read again.
    fn unexpected(&mut self) {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|byte| !matches!(byte, b',' | b'}' | b']' | b'"' | b'\n')) {
            self.at += 1;
        }
        self.problem(ProblemKind::Unexpected, Span { start, end: self.at }, Vec::new());
    }

    fn end_of_text(&mut self) {
        let closing: String = self.open.iter().rev().map(|open| if open.object { '}' } else { ']' }).collect();
        let start = self.open.last().and_then(|open| self.nodes.get(open.node)).map_or(0, |node| node.start as usize);
        let mut edits = Vec::new();
        if let Some(Open { expect: Expect::Next(comma), .. }) = self.open.last() {
            edits.push(Edit::delete(Span { start: *comma, end: *comma + 1 }));
        }
        // Behind what was read last, if a comment follows that.
        let behind = self.behind.max(start + 1);
        let rest = self.text.get(behind..).unwrap_or_default();
        let blank = rest.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b',');
        edits.push(Edit::insert(if blank { self.text.len() } else { behind }, closing));
        if self.cut {
            edits.clear();
        }
        // One cause, one finding.
        let said = |last: &Problem| last.kind == ProblemKind::UnterminatedString && last.edits.is_empty();
        if !self.problems.last().is_some_and(said) {
            self.problem(ProblemKind::MissingClose, Span { start, end: start + 1 }, edits);
        }
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn wrong_close(&mut self, byte: u8) {
        let object = byte == b'}';
        let span = Span { start: self.at, end: self.at + 1 };
        let others = if object { self.open_objects } else { self.open.len() - self.open_objects };
        if others == 0 {
            self.at += 1;
            return self.problem(ProblemKind::ExtraClose, span, vec![Edit::delete(span)]);
        }
        let closing = if object { "]" } else { "}" };
        self.problem(ProblemKind::MissingClose, span, vec![Edit::insert(self.behind, closing)]);
        self.close();
    }

    fn close(&mut self) {
        let Some(open) = self.open.pop() else { return };
        self.open_objects -= usize::from(open.object);
        let next = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(open.node) {
            node.end = self.at as u32;
            node.next = next;
            node.keys = open.keys;
        }
        self.behind = self.at;
    }

    /// A key, a colon and a value.
    fn member(&mut self) {
        let start = self.at;
        let mut plain = false;
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => plain = self.quoted(quote),
            Some(byte) if byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$') => {
                self.word();
                let span = Span { start, end: self.at };
                let word = String::from_utf8_lossy(self.text.get(start..self.at).unwrap_or_default());
                let edit = Edit::replace(span, edit::quote(&word));
                self.problem(ProblemKind::BareKey, span, vec![edit]);
            }
            Some(b':') => {
                self.problem(ProblemKind::MissingKey, Span { start, end: start + 1 }, Vec::new());
                self.at += 1;
                return;
            }
            _ => {
                self.problem(ProblemKind::MissingKey, Span { start, end: start + 1 }, Vec::new());
                return self.value(NO_KEY);
            }
        }
        let key = Span { start, end: self.at };
        let raw = self.text.get(start..self.at).unwrap_or_default();
        let tag = match raw {
            [_, inside @ .., _] if plain => tag(inside),
            _ => tag(string::decode(raw).as_bytes()),
        };
        self.behind = self.at;
        self.space();
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(b'=') => {
                let span = Span { start: self.at, end: self.at + 1 };
                self.problem(ProblemKind::EqualsForColon, span, vec![Edit::replace(span, ":")]);
                self.at += 1;
            }
            Some(b',' | b'}' | b']') | None => {}
            Some(_) => self.problem(ProblemKind::MissingColon, key, vec![Edit::insert(key.end, ":")]),
        }
        self.behind = self.at;
        self.space();
        match self.peek() {
            other @ (Some(b',' | b'}' | b']') | None) => {
                match other {
                    Some(_) => self.problem(ProblemKind::MissingValue, key, Vec::new()),
                    None => self.cut = true,
                }
                self.leaf(Shape::Lost, Key { span: key, tag, plain }, key.end);
            }
            Some(_) => self.value(Key { span: key, tag, plain }),
        }
    }

    fn value(&mut self, key: Key) {
        let start = self.at;
        let Some(byte) = self.peek() else { return };
        let mut plain = false;
        let shape = match byte {
            b'{' | b'[' if self.open.len() < MAX_DEPTH => {
                self.at += 1;
                let object = byte == b'{';
                let node = self.push(if object { Shape::Object } else { Shape::Array }, key, start);
                self.open_objects += usize::from(object);
                self.open.push(Open { node, object, expect: Expect::First, children: 0, keys: 0 });
                self.deepest = self.deepest.max(self.open.len());
                return;
            }
            b'{' | b'[' => {
                self.skip_nested();
                self.problem(ProblemKind::TooDeep, Span { start, end: start + 1 }, Vec::new());
                Shape::Lost
            }
            b'"' | b'\'' => {
                plain = self.quoted(byte);
                Shape::String
            }
            b'-' | b'+' | b'.' | b'0'..=b'9' => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => self.keyword(),
            _ => {
                self.unexpected();
                Shape::Lost
            }
        };
        self.leaf(shape, key, start);
        if let (true, Some(node)) = (plain, self.nodes.last_mut()) {
            node.plain = true;
        }
    }

    fn leaf(&mut self, shape: Shape, key: Key, start: usize) {
        self.push(shape, key, start);
        if let Some(node) = self.nodes.last_mut() {
            node.end = self.at.max(start) as u32;
        }
        self.behind = self.at;
    }

    fn push(&mut self, shape: Shape, key: Key, start: usize) -> usize {
        let index = self.nodes.len();
        let (parent, position) = match self.open.last_mut() {
            Some(open) => {
                open.children += 1;
                open.keys |= bit(key.tag);
                (open.node as u32, open.children - 1)
            }
            None => (0, 0),
        };
        let Key { span, tag, plain: plain_key } = key;
        let key = (span.start as u32, span.end as u32);
        let (start, next) = (start as u32, index as u32 + 1);
        let node =
            Node { shape, plain: false, plain_key, tag, start, end: start, key, parent, next, position, keys: 0 };
        self.nodes.push(node);
        index
    }

    /// Goes over a list or object without reading it.
    fn skip_nested(&mut self) {
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                b'"' => {
                    while let Some(byte) = self.peek() {
                        self.at += 1 + usize::from(byte == b'\\');
                        if byte == b'"' {
                            break;
                        }
                    }
                    self.at = self.at.min(self.text.len());
                }
                _ => {}
            }
        }
    }

    fn word(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'.'))
        {
            self.at += 1;
        }
    }

    fn keyword(&mut self) -> Shape {
        let start = self.at;
        self.word();
        let span = Span { start, end: self.at };
        let word = self.text.get(start..self.at).unwrap_or_default();
        let (shape, right) = match word {
            b"true" => return Shape::Bool(true),
            b"false" => return Shape::Bool(false),
            b"null" => return Shape::Null,
            _ if word.eq_ignore_ascii_case(b"true") => (Shape::Bool(true), Some("true")),
            _ if word.eq_ignore_ascii_case(b"false") => (Shape::Bool(false), Some("false")),
            _ if word.eq_ignore_ascii_case(b"null") => (Shape::Null, Some("null")),
            _ => (Shape::Lost, None),
        };
        self.problem(ProblemKind::BareWord, span, right.map(|right| Edit::replace(span, right)).into_iter().collect());
        shape
    }

    fn number(&mut self) -> Shape {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'))
        {
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if is_number(text) {
            return Shape::Number;
        }
        self.problem(ProblemKind::NumberForm, Span { start, end: self.at }, Vec::new());
        Shape::Lost
    }

    /// A string, from its quote to behind its quote. Whether it is plain: its text stands as it is between double quotes.
    fn quoted(&mut self, quote: u8) -> bool {
        let start = self.at;
        let rest = self.text.get(start + 1..).unwrap_or_default();
        let length = string::plain_length(rest, quote);
        self.at = start + 1 + length;
        if quote == b'"' && rest.get(length) == Some(&quote) {
            self.at += 1;
            return !self.utf8.is_empty();
        }
        self.odd_string(start, quote);
        false
    }

    /// The same for any string, from behind its plain beginning.
    fn odd_string(&mut self, start: usize, quote: u8) {
        let mut control = None;
        let mut control_edits = Vec::new();
        // The next quote, and whether it ends a string.
        let mut ahead = (0, false);
        loop {
            let at = self.at;
            match self.peek() {
                None => {
                    self.cut = true;
                    self.problem(ProblemKind::UnterminatedString, Span { start, end: start + 1 }, vec![]);
                    break;
                }
                Some(byte) if byte == quote => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => self.escape(quote),
                Some(b'\n') if !self.goes_on_behind_line(quote, &mut ahead) => {
                    // What stands at the end of the line belongs to the list or object, not to the string.
                    let line = self.text.get(start + 1..at).unwrap_or_default().trim_ascii_end();
                    let line = line.strip_suffix(b",").unwrap_or(line);
                    self.at = start + 1 + line.len();
                    let edit = Edit::insert(self.at, if quote == b'"' { "\"" } else { "'" });
                    self.problem(ProblemKind::UnterminatedString, Span { start, end: start + 1 }, vec![edit]);
                    break;
                }
                Some(byte) if byte < 0x20 => {
                    let span = Span { start: at, end: at + 1 };
                    control.get_or_insert(span);
                    if control_edits.len() < MAX_PROBLEMS {
                        control_edits.push(Edit::replace(span, escaped(byte)));
                    }
                    self.at += 1;
                }
                Some(_) => {
                    let rest = self.text.get(at..).unwrap_or_default();
                    self.at += string::plain_length(rest, quote).max(1);
                }
            }
        }
        if let Some(span) = control {
            self.problem(ProblemKind::ControlCharacter, span, control_edits);
        }
        if quote == b'\'' {
            let span = Span { start, end: self.at };
            let text = string::decode(self.text.get(start..self.at).unwrap_or_default());
            self.problem(ProblemKind::SingleQuotes, span, vec![Edit::replace(span, edit::quote(&text))]);
        }
    }

    /// Whether the next quote ends a string: then a line feed was meant to be part of it. What was found out `ahead` holds
    /// until that quote, for a string may have many lines.
    fn goes_on_behind_line(&self, quote: u8, ahead: &mut (usize, bool)) -> bool {
        if ahead.0 <= self.at {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(next) = rest.iter().position(|byte| *byte == quote) else { return false };
            let behind = rest.get(next + 1..).unwrap_or_default().trim_ascii_start();
            *ahead = (self.at + next, matches!(behind.first(), None | Some(b',' | b'}' | b']')));
        }
        ahead.1
    }

    fn escape(&mut self, quote: u8) {
        let start = self.at;
        match self.text.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'\'') if quote == b'\'' => self.at += 2,
            Some(b'u') => match self.unit(start) {
                None => self.bad_escape(2),
                Some(0xd800..=0xdbff) => match self.unit(start + 6) {
                    Some(0xdc00..=0xdfff) => self.at += 12,
                    _ => self.lone_surrogate(),
                },
                Some(0xdc00..=0xdfff) => self.lone_surrogate(),
                Some(_) => self.at += 6,
            },
            Some(b'\n') | None => self.bad_escape(1),
            Some(_) => self.bad_escape(2),
        }
    }

    /// The code unit of an escape, if one stands there.
    fn unit(&self, at: usize) -> Option<u16> {
        let escape = self.text.get(at..at + 6)?;
        string::code_unit(std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?)
    }

    fn bad_escape(&mut self, length: usize) {
        let span = Span { start: self.at, end: self.at + length };
        self.at += length;
        self.problem(ProblemKind::BadEscape, span, Vec::new());
    }

    fn lone_surrogate(&mut self) {
        let span = Span { start: self.at, end: self.at + 6 };
        self.at += 6;
        self.problem(ProblemKind::LoneSurrogate, span, Vec::new());
    }
}

fn escaped(byte: u8) -> String {
    match byte {
        b'\n' => "\\n".into(),
        b'\r' => "\\r".into(),
        b'\t' => "\\t".into(),
        _ => format!("\\u{byte:04x}"),
    }
}

/// RFC 8259's grammar of numbers.
fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> (&[u8], &[u8]) {
        text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
    }
    let (whole, mut rest) = digits(text.strip_prefix(b"-").unwrap_or(text));
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with(b"0")) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let (fraction, behind) = digits(fraction);
        if fraction.is_empty() {
            return false;
        }
        rest = behind;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let (exponent, behind) = digits(exponent);
        return !exponent.is_empty() && behind.is_empty();
    }
    rest.is_empty()
}
