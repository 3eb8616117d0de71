//! Go's syntax of regular expressions (`regexp/syntax` with its Perl flags), read from left to right.

use super::cursor::Cursor;
use super::stack::Stack;
use super::tree::{Node, NodeId, Tree};
use super::{Budget, Refusal};

/// The flags that hold at a place. A bit set each, because `(?-…)` works by turning all of them round.
pub(super) type Flags = u8;

/// Case does not count: `(?i)`.
pub(super) const FOLD: Flags = 1;
/// `^` and `$` are the ends of the text, not of lines; `(?m)` takes it away.
pub(super) const ONE_LINE: Flags = 2;
/// `.` matches a line feed too: `(?s)`.
const DOT_NEWLINE: Flags = 4;
/// Repetitions prefer few: `(?U)`. It changes no answer, only the tree's shape.
const LAZY: Flags = 8;

/// Go's limit for a count in a repetition.
const MAX_COUNT: u32 = 1000;

/// The tree of an expression and its root.
///
/// # Errors
///
/// A [`Refusal`], which is Go's if it is about the syntax.
pub(super) fn parse(pattern: &[u8], budget: &mut Budget) -> Result<(Tree, NodeId), Refusal> {
    let mut parser =
        Parser { input: Cursor::new(pattern), flags: ONE_LINE, stack: Stack::new(budget), last_repeat: None };
    while !parser.input.is_at_end() {
        let repeat = parser.construct()?;
        parser.last_repeat = repeat;
    }
    let Parser { input, stack, .. } = parser;
    stack.finish()?.ok_or_else(|| input.refuse("missing closing )", 0))
}

struct Parser<'p, 'b> {
    input: Cursor<'p>,
    flags: Flags,
    stack: Stack<'b>,
    /// Where the repetition operator begins that came directly before.
    last_repeat: Option<usize>,
}

impl Parser<'_, '_> {
    /// Reads one construct. Gives where it began, if it was a repetition operator.
    fn construct(&mut self) -> Result<Option<usize>, Refusal> {
        let start = self.input.position();
        let Some(byte) = self.input.peek() else { return Ok(None) };
        match byte {
            b'*' | b'+' | b'?' => {
                self.input.skip(1);
                self.repeat(start, |sub, _| match byte {
                    b'*' => Node::Star(sub),
                    b'+' => Node::Plus(sub),
                    _ => Node::Quest(sub),
                })?;
                return Ok(Some(start));
            }
            b'{' => {
                if let Some((min, max)) = self.input.counts() {
                    self.counted(start, min, max)?;
                    return Ok(Some(start));
                }
                // It is a repetition only if it looks like one.
                self.input.skip(1);
                self.stack.push_literal(u32::from(b'{'), self.has(FOLD))?;
            }
            b'(' if self.input.starts_with(b"(?") => self.special_group()?,
            b'(' => self.open(true, 1)?,
            b')' => {
                let before = self.stack.close()?;
                self.flags = before.ok_or_else(|| self.input.refuse_all("unexpected )"))?;
                self.input.skip(1);
            }
            b'|' => {
                self.stack.bar()?;
                self.input.skip(1);
            }
            b'^' => self.simple(if self.has(ONE_LINE) { Node::BeginText } else { Node::BeginLine }, 1)?,
            b'$' => self.simple(if self.has(ONE_LINE) { Node::EndText } else { Node::EndLine }, 1)?,
            b'.' => self.simple(if self.has(DOT_NEWLINE) { Node::Any } else { Node::AnyNotNewline }, 1)?,
            b'[' => {
                let set = self.input.bracketed(self.has(FOLD), self.stack.budget)?;
                self.stack.push_node(Node::Class(set))?;
            }
            b'\\' => self.backslash()?,
            _ => {
                if let Some(c) = self.input.character()? {
                    self.stack.push_literal(c, self.has(FOLD))?;
                }
            }
        }
        Ok(None)
    }

    fn has(&self, flag: Flags) -> bool {
        self.flags & flag != 0
    }

    fn simple(&mut self, node: Node, width: usize) -> Result<(), Refusal> {
        self.input.skip(width);
        self.stack.push_node(node)
    }

    fn open(&mut self, captures: bool, width: usize) -> Result<(), Refusal> {
        self.simple(Node::Open { captures, flags: self.flags }, width)
    }

    fn backslash(&mut self) -> Result<(), Refusal> {
        let start = self.input.position();
        match self.input.peek_after(1) {
            Some(b'A') => return self.simple(Node::BeginText, 2),
            Some(b'z') => return self.simple(Node::EndText, 2),
            Some(b'b') => return self.simple(Node::WordBoundary, 2),
            Some(b'B') => return self.simple(Node::NotWordBoundary, 2),
            Some(b'C') => {
                self.input.skip(2);
                return Err(self.input.refuse("invalid escape sequence", start));
            }
            Some(b'Q') => return self.verbatim(),
            _ => {}
        }
        let mut set = Vec::new();
        if self.input.named_set(&mut set, self.has(FOLD), self.stack.budget)? {
            return self.stack.push_node(Node::Class(set));
        }
        let c = self.input.escape()?;
        self.stack.push_literal(c, self.has(FOLD))
    }

    /// `\Q…\E`: literal characters, whatever they are. Without `\E` until the end.
    fn verbatim(&mut self) -> Result<(), Refusal> {
        self.input.skip(2);
        let (mut text, width) = self.input.until(b"\\E");
        while let Some(c) = text.character()? {
            self.stack.push_literal(c, self.has(FOLD))?;
        }
        self.input.skip(width);
        Ok(())
    }

    fn counted(&mut self, start: usize, min: u32, max: Option<u32>) -> Result<(), Refusal> {
        let fits = |count: u32| u16::try_from(count).ok().filter(|_| count <= MAX_COUNT);
        let (Some(min), Some(max)) = (fits(min), max.map_or(Some(None), |max| fits(max).map(Some))) else {
            return Err(self.input.refuse("invalid repeat count", start));
        };
        if max.is_some_and(|max| min > max) {
            return Err(self.input.refuse("invalid repeat count", start));
        }
        let repeat = self.repeat(start, |sub, lazy| Node::Repeat { sub, min, max, lazy })?;
        if max.unwrap_or(min) >= 2 && !self.stack.tree.repeats_are_valid(repeat) {
            return Err(self.input.refuse("invalid repeat count", start));
        }
        Ok(())
    }

    /// Repeats what is on the stack. The operator, which began at `start`, has been read up to a `?`.
    fn repeat(&mut self, start: usize, make: impl FnOnce(NodeId, bool) -> Node) -> Result<NodeId, Refusal> {
        let mut lazy = self.has(LAZY);
        if self.input.peek() == Some(b'?') {
            self.input.skip(1);
            lazy = !lazy;
        }
        if let Some(last) = self.last_repeat {
            return Err(self.input.refuse("invalid nested repetition operator", last));
        }
        let repeated = self.stack.repeat(|sub| make(sub, lazy))?;
        repeated.ok_or_else(|| self.input.refuse("missing argument to repetition operator", start))
    }

    /// What begins with `(?`: a named group, flags, or a group that captures nothing, with or without flags.
    fn special_group(&mut self) -> Result<(), Refusal> {
        let start = self.input.position();
        let rest = self.input.rest();
        let name_at = match rest {
            [_, _, b'P', b'<', _, ..] => Some(4),
            [_, _, b'<', _, ..] => Some(3),
            _ => None,
        };
        if let Some(name_at) = name_at {
            let Some(end) = rest.iter().position(|&byte| byte == b'>') else {
                self.input.check_utf8(rest.len())?;
                return Err(self.input.refuse_all_from("invalid named capture", start));
            };
            let name = rest.get(name_at..end).unwrap_or_default();
            self.input.skip(name_at);
            self.input.check_utf8(name.len())?;
            self.input.skip(name.len().saturating_add(1));
            if name.is_empty() || !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(self.input.refuse("invalid named capture", start));
            }
            return self.open(true, 0);
        }
        self.input.skip(2);
        let mut flags = self.flags;
        let (mut taking_away, mut flag_seen) = (false, false);
        while let Some(c) = self.input.character()? {
            match u8::try_from(c).unwrap_or_default() {
                b'i' => flags |= FOLD,
                b'm' => flags &= !ONE_LINE,
                b's' => flags |= DOT_NEWLINE,
                b'U' => flags |= LAZY,
                b'-' if !taking_away => {
                    taking_away = true;
                    flag_seen = false;
                    // Turned round, setting is taking away; they are turned back below.
                    flags = !flags;
                    continue;
                }
                end @ (b':' | b')') if flag_seen || !taking_away => {
                    if taking_away {
                        flags = !flags;
                    }
                    if end == b':' {
                        self.open(false, 0)?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            flag_seen = true;
        }
        Err(self.input.refuse("invalid or unsupported Perl syntax", start))
    }
}
