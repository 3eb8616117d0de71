//! Filter text to tokens. Source: containerd-metadata §8.4, which reproduces every error and its position.

use super::rune;
use crate::text::printable::is_graphic;

/// What one reading step finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The end of the text.
    End,
    /// A byte that is not UTF-8, U+FFFD, or NUL. The scanner's error says which.
    Illegal,
    /// A character.
    Char(char),
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Illegal,
    Separator,
    Operator,
    Quoted,
    Value,
    Field,
    /// A character that can begin no token.
    Other,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanned<'t> {
    pub(super) at: usize,
    pub(super) token: Token,
    pub(super) text: &'t [u8],
}

/// Reads tokens from one filter text, each byte once apart from one character of lookahead.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    next: usize,
    /// Whether an operator came last, so that a value is expected.
    value_expected: bool,
    error: Option<&'static str>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Scanner { text, at: 0, next: 0, value_expected: false, error: None }
    }

    /// Where reading goes on.
    pub(super) fn position(&self) -> usize {
        self.next
    }

    /// The first thing that was wrong.
    pub(super) fn error(&self) -> &'static str {
        self.error.unwrap_or("illegal input")
    }

    /// What the next reading step will find. Blanks count.
    pub(super) fn peek(&mut self) -> Read {
        let (at, next) = (self.at, self.next);
        let read = self.read();
        (self.at, self.next) = (at, next);
        read
    }

    /// The next token, blanks before it skipped.
    pub(super) fn scan(&mut self) -> Scanned<'t> {
        let mut read = self.read();
        let mut at = self.at;
        while let Read::Char(c) = read
            && c.is_whitespace()
        {
            read = self.read();
            at = self.at;
        }
        let token = match read {
            Read::End => Token::End,
            Read::Illegal => Token::Illegal,
            Read::Char(quote @ ('/' | '|' | '"')) => match self.skip_quoted(quote) {
                true => Token::Quoted,
                false => Token::Illegal,
            },
            Read::Char(',' | '.') => {
                self.value_expected = false;
                Token::Separator
            }
            Read::Char('=' | '!' | '~') => {
                self.skip_while(|c| matches!(c, '=' | '!' | '~'));
                self.value_expected = true;
                Token::Operator
            }
            Read::Char(_) if self.value_expected => {
                self.skip_while(is_in_value);
                self.value_expected = false;
                Token::Value
            }
            Read::Char(c) if is_in_field(c) => {
                self.skip_while(is_in_field);
                Token::Field
            }
            Read::Char(_) => Token::Other,
        };
        Scanned { at, token, text: self.text.get(at..self.next).unwrap_or_default() }
    }

    fn read(&mut self) -> Read {
        self.at = self.next;
        let Some((c, width)) = rune::first(self.text.get(self.next..).unwrap_or_default()) else {
            return Read::End;
        };
        self.next = self.next.saturating_add(width);
        match c {
            None | Some('\u{fffd}') => self.illegal("rune error"),
            Some('\0') => self.illegal("unexpected null"),
            Some(c) => Read::Char(c),
        }
    }

    fn illegal(&mut self, error: &'static str) -> Read {
        self.fail(error);
        Read::Illegal
    }

    /// Notes an error. The first one stays.
    fn fail(&mut self, error: &'static str) {
        self.error.get_or_insert(error);
    }

    fn skip_while(&mut self, belongs: impl Fn(char) -> bool) {
        while let Read::Char(c) = self.peek()
            && belongs(c)
        {
            self.read();
        }
    }

    /// Reads up to the closing quote and tells whether all of it was right.
    fn skip_quoted(&mut self, quote: char) -> bool {
        let mut legal = true;
        let mut read = self.read();
        loop {
            match read {
                Read::Char(c) if c == quote => return legal,
                Read::Char('\n') | Read::End | Read::Illegal => {
                    self.fail("quoted literal not terminated");
                    return false;
                }
                Read::Char('\\') => {
                    let (after, right) = self.skip_escape(quote);
                    legal &= right;
                    read = after;
                }
                Read::Char(_) => read = self.read(),
            }
        }
    }

    /// Reads an escape sequence behind its backslash: what comes after it, and whether it was right.
    fn skip_escape(&mut self, quote: char) -> (Read, bool) {
        let read = self.read();
        match read {
            Read::Char('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => (self.read(), true),
            Read::Char(c) if c == quote => (self.read(), true),
            Read::Char('0'..='7') => self.skip_digits(read, 8, 3),
            Read::Char('x') => self.skip_more_digits(2),
            Read::Char('u') => self.skip_more_digits(4),
            Read::Char('U') => self.skip_more_digits(8),
            _ => {
                self.fail("illegal escape sequence");
                (read, false)
            }
        }
    }

    fn skip_more_digits(&mut self, count: usize) -> (Read, bool) {
        let read = self.read();
        self.skip_digits(read, 16, count)
    }

    fn skip_digits(&mut self, mut read: Read, radix: u32, count: usize) -> (Read, bool) {
        for _ in 0..count {
            match read {
                Read::Char(c) if c.is_digit(radix) => read = self.read(),
                _ => {
                    self.fail("illegal numeric escape sequence");
                    return (read, false);
                }
            }
        }
        (read, true)
    }
}

fn is_in_field(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_in_value(c: char) -> bool {
    c != ',' && !c.is_whitespace() && is_graphic(c)
}
