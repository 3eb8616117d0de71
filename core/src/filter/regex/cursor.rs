//! Reading an expression: characters, escape sequences, counts, and sets in brackets.

use super::class::{self, Span};
use super::fold;
use super::{Budget, Refusal};
use crate::filter::rune;
use std::ops::Range;

/// A place in an expression.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'p> {
    text: &'p [u8],
    at: usize,
    /// No `:]` follows: known since it was looked for in vain. Otherwise many `[:` would cost a search to the end each.
    no_name_ends: bool,
}

impl<'p> Cursor<'p> {
    pub(super) fn new(text: &'p [u8]) -> Self {
        Cursor { text, at: 0, no_name_ends: false }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn rest(&self) -> &'p [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn starts_with(&self, text: &[u8]) -> bool {
        self.rest().starts_with(text)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    pub(super) fn peek_after(&self, width: usize) -> Option<u8> {
        self.rest().get(width).copied()
    }

    pub(super) fn skip(&mut self, width: usize) {
        self.at = self.at.saturating_add(width);
    }

    /// Go's complaint about what was read since `start`.
    pub(super) fn refuse(&self, what: &'static str, start: usize) -> Refusal {
        refusal(what, start..self.at)
    }

    /// Go's complaint about everything from `start` on.
    pub(super) fn refuse_all_from(&self, what: &'static str, start: usize) -> Refusal {
        refusal(what, start..self.text.len())
    }

    /// Go's complaint about the whole expression.
    pub(super) fn refuse_all(&self, what: &'static str) -> Refusal {
        self.refuse_all_from(what, 0)
    }

    /// The next character, or `None` at the end.
    pub(super) fn character(&mut self) -> Result<Option<u32>, Refusal> {
        match rune::first(self.rest()) {
            None => Ok(None),
            Some((Some(c), width)) => {
                self.skip(width);
                Ok(Some(c.into()))
            }
            Some((None, _)) => Err(self.refuse_all_from("invalid UTF-8", self.at)),
        }
    }

    /// Whether the next bytes are UTF-8.
    pub(super) fn check_utf8(&self, len: usize) -> Result<(), Refusal> {
        let text = self.rest().get(..len).unwrap_or_default();
        let Err(error) = std::str::from_utf8(text) else { return Ok(()) };
        let end = self.at.saturating_add(len);
        Err(refusal("invalid UTF-8", self.at.saturating_add(error.valid_up_to())..end))
    }

    /// A cursor over what comes before `mark`, or over everything, and how much to skip to be behind the mark.
    pub(super) fn until(&self, mark: &[u8]) -> (Self, usize) {
        let len = self.rest().windows(mark.len()).position(|window| window == mark);
        let end = self.at.saturating_add(len.unwrap_or(self.rest().len()));
        let before = Cursor { text: self.text.get(..end).unwrap_or_default(), ..self.clone() };
        (before, len.map_or(self.rest().len(), |len| len.saturating_add(mark.len())))
    }

    /// Reads `{min}`, `{min,}` (no greatest) or `{min,max}`; nothing if it is none of them.
    pub(super) fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let mut ahead = self.clone();
        ahead.skip(1);
        let min = ahead.number()?;
        let mut max = Some(min);
        if ahead.peek() == Some(b',') {
            ahead.skip(1);
            max = match ahead.peek()? {
                b'}' => None,
                _ => Some(ahead.number()?),
            };
        }
        if ahead.peek() != Some(b'}') {
            return None;
        }
        ahead.skip(1);
        *self = ahead;
        Some((min, max))
    }

    /// A number without leading zeros; a very great one is as good as any.
    fn number(&mut self) -> Option<u32> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit());
        let (value, len) = digits.fold((0_u32, 0_usize), |(value, len), byte| {
            let digit = u32::from(byte.saturating_sub(b'0'));
            (value.saturating_mul(10).saturating_add(digit), len.saturating_add(1))
        });
        if len == 0 || (len > 1 && self.peek() == Some(b'0')) {
            return None;
        }
        self.skip(len);
        Some(value)
    }

    /// Reads an escape sequence that stands for one character.
    pub(super) fn escape(&mut self) -> Result<u32, Refusal> {
        let start = self.at;
        self.skip(1);
        let Some(c) = self.character()? else {
            return Err(self.refuse("trailing backslash at end of expression", self.at));
        };
        let value = match u8::try_from(c).unwrap_or(u8::MAX) {
            b'a' => Some(0x07),
            b'f' => Some(0x0c),
            b'n' => Some(0x0a),
            b'r' => Some(0x0d),
            b't' => Some(0x09),
            b'v' => Some(0x0b),
            b'x' => self.hexadecimal()?,
            first @ b'0'..=b'7' => self.octal(first),
            byte if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Some(c),
            _ => None,
        };
        value.ok_or_else(|| self.refuse("invalid escape sequence", start))
    }

    /// Up to three octal digits, of which the first has been read. One alone, unless 0, would be a back reference.
    fn octal(&mut self, first: u8) -> Option<u32> {
        let digit = |byte: u8| (byte & !7 == b'0').then(|| u32::from(byte & 7));
        let mut value = digit(first)?;
        if value != 0 {
            self.peek().and_then(digit)?;
        }
        for _ in 0..2 {
            let Some(more) = self.peek().and_then(digit) else { break };
            value = value.saturating_mul(8).saturating_add(more);
            self.skip(1);
        }
        Some(value)
    }

    /// Two hexadecimal digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Result<Option<u32>, Refusal> {
        let digit = |c: Option<u32>| c.and_then(char::from_u32).and_then(|c| c.to_digit(16));
        let first = self.character()?;
        if first != Some(u32::from(b'{')) {
            if first.is_none() {
                return Ok(None);
            }
            let (high, low) = (digit(first), digit(self.character()?));
            return Ok(high.zip(low).map(|(high, low)| high << 4 | low));
        }
        let mut value = None;
        loop {
            let c = self.character()?;
            if c == Some(u32::from(b'}')) {
                return Ok(value);
            }
            let Some(more) = digit(c) else { return Ok(None) };
            let so_far = value.unwrap_or(0_u32) << 4 | more;
            if so_far > class::LAST {
                return Ok(None);
            }
            value = Some(so_far);
        }
    }

    /// Reads a set in brackets.
    pub(super) fn bracketed(&mut self, folded: bool, budget: &mut Budget) -> Result<Vec<Span>, Refusal> {
        let start = self.at;
        self.skip(1);
        let negated = self.peek() == Some(b'^');
        if negated {
            self.skip(1);
        }
        let mut spans = Vec::new();
        let mut is_first = true;
        // A bracket that closes nothing yet is a character.
        while is_first || self.peek() != Some(b']') {
            is_first = false;
            if self.posix_set(&mut spans, folded, budget)? || self.named_set(&mut spans, folded, budget)? {
                continue;
            }
            let range = self.range(start)?;
            budget.spend(1)?;
            if !folded {
                class::push(&mut spans, range);
            } else if range.0 == range.1 {
                for c in fold::cases(range.0) {
                    class::push(&mut spans, (c, c));
                }
            } else {
                class::add(&mut spans, &[range], false, true, budget)?;
            }
        }
        self.skip(1);
        class::clean(&mut spans);
        Ok(if negated { class::negated(&spans) } else { spans })
    }

    /// Reads a character, or two with a hyphen between, of the set that began at `start`.
    fn range(&mut self, start: usize) -> Result<Span, Refusal> {
        let here = self.at;
        let first = self.set_character(start)?;
        match self.rest() {
            // A hyphen before the closing bracket is a character.
            [b'-', after, ..] if *after != b']' => self.skip(1),
            _ => return Ok((first, first)),
        }
        let last = self.set_character(start)?;
        if last < first {
            return Err(self.refuse("invalid character class range", here));
        }
        Ok((first, last))
    }

    fn set_character(&mut self, start: usize) -> Result<u32, Refusal> {
        if self.peek() == Some(b'\\') {
            return self.escape();
        }
        self.character()?.ok_or_else(|| self.refuse_all_from("missing closing ]", start))
    }

    /// Reads `[:name:]` within brackets, if that is next.
    fn posix_set(&mut self, spans: &mut Vec<Span>, folded: bool, budget: &mut Budget) -> Result<bool, Refusal> {
        let Some(rest) = self.rest().strip_prefix(b"[:") else { return Ok(false) };
        if self.no_name_ends {
            return Ok(false);
        }
        let Some(len) = rest.windows(2).position(|window| window == b":]") else {
            self.no_name_ends = true;
            return Ok(false);
        };
        let start = self.at;
        self.skip(len.saturating_add(4));
        let name = rest.get(..len).unwrap_or_default();
        let (name, negate) = name.strip_prefix(b"^").map_or((name, false), |name| (name, true));
        let set = class::posix(name).ok_or_else(|| self.refuse("invalid character class range", start))?;
        class::add(spans, set, negate, folded, budget)?;
        Ok(true)
    }

    /// Reads `\d`, `\s`, `\w`, `\pL` or `\p{Name}` or one of their opposites, if that is next.
    pub(super) fn named_set(
        &mut self,
        spans: &mut Vec<Span>,
        folded: bool,
        budget: &mut Budget,
    ) -> Result<bool, Refusal> {
        let [b'\\', letter, ..] = *self.rest() else { return Ok(false) };
        if let Some((set, negate)) = class::perl(letter) {
            self.skip(2);
            class::add(spans, set, negate, folded, budget)?;
            return Ok(true);
        }
        if !letter.eq_ignore_ascii_case(&b'p') {
            return Ok(false);
        }
        let start = self.at;
        let name = self.property_name()?;
        let (name, opposite) = name.strip_prefix(b"^").map_or((name, false), |name| (name, true));
        let negate = opposite != (letter == b'P');
        add_property(spans, name, negate, folded, budget, || self.refuse("invalid character class range", start))?;
        Ok(true)
    }

    /// The name behind `\p`: one character, or several in braces.
    fn property_name(&mut self) -> Result<&'p [u8], Refusal> {
        let start = self.at;
        let rest = self.rest();
        self.skip(2);
        if self.character()? != Some(u32::from(b'{')) {
            return Ok(rest.get(2..self.at.saturating_sub(start)).unwrap_or_default());
        }
        let Some(end) = rest.iter().position(|&byte| byte == b'}') else {
            self.at = start;
            self.check_utf8(rest.len())?;
            return Err(self.refuse_all_from("invalid character class range", start));
        };
        let name = rest.get(3..end).unwrap_or_default();
        self.check_utf8(name.len())?;
        self.skip(name.len().saturating_add(1));
        Ok(name)
    }
}

fn refusal(what: &'static str, part: Range<usize>) -> Refusal {
    Refusal::Syntax { what, part }
}

#[cfg(feature = "regex")]
fn add_property(
    spans: &mut Vec<Span>,
    name: &[u8],
    negate: bool,
    folded: bool,
    budget: &mut Budget,
    unknown: impl FnOnce() -> Refusal,
) -> Result<(), Refusal> {
    let property = super::property::find(name).ok_or_else(unknown)?;
    budget.spend(property.spans.len())?;
    class::add(spans, &property.spans, negate, folded && property.folds, budget)
}

/// Without the tables nothing can be said of any name.
#[cfg(not(feature = "regex"))]
fn add_property(
    _: &mut Vec<Span>,
    _: &[u8],
    _: bool,
    _: bool,
    _: &mut Budget,
    _: impl FnOnce() -> Refusal,
) -> Result<(), Refusal> {
    Err(Refusal::Unsupported)
}
