//! Tokens to selectors. Source: containerd-metadata §8.3 and §8.4.

use super::Operator;
use super::scan::{Read, Scanned, Scanner, Token};
use super::unquote::unquote;
use crate::text;

/// A selector as it was written: its operand is not yet looked into.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) path: Vec<Vec<u8>>,
    pub(super) operator: Operator,
    pub(super) value: Vec<u8>,
}

/// What is wrong with a filter text, and at which byte.
#[derive(Debug)]
pub(super) struct ParseError {
    pub(super) at: usize,
    pub(super) message: String,
}

impl ParseError {
    /// containerd's words: the text with the byte at fault singled out, be it half a character, and what is wrong.
    pub(super) fn explain(&self, text: &[u8]) -> Vec<u8> {
        let mut out = b"filters: parse error: [".to_vec();
        match text.split_at_checked(self.at) {
            Some((before, [byte, after @ ..])) => {
                out.extend_from_slice(before);
                out.extend_from_slice(b" >|");
                out.push(*byte);
                out.extend_from_slice(b"|< ");
                out.extend_from_slice(after);
            }
            _ => out.extend_from_slice(text),
        }
        out.extend_from_slice(b"]: ");
        out.extend_from_slice(self.message.as_bytes());
        out
    }
}

/// The selectors of one filter text. The empty text has none.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Parsed>, ParseError> {
    let mut selectors = Vec::new();
    if text.is_empty() {
        return Ok(selectors);
    }
    let mut parser = Parser { scanner: Scanner::new(text) };
    loop {
        selectors.push(parser.selector()?);
        let unexpected = match parser.scanner.peek() {
            Read::End => return Ok(selectors),
            Read::Char(',') => {
                parser.scanner.scan();
                continue;
            }
            Read::Char(c) => c,
            Read::Illegal => '\u{fffd}',
        };
        let at = parser.scanner.position();
        return Err(ParseError { at, message: format!("unexpected input: {unexpected}") });
    }
}

struct Parser<'t> {
    scanner: Scanner<'t>,
}

impl Parser<'_> {
    fn selector(&mut self) -> Result<Parsed, ParseError> {
        let path = self.path()?;
        if matches!(self.scanner.peek(), Read::Char(',') | Read::End) {
            return Ok(Parsed { path, operator: Operator::Present, value: Vec::new() });
        }
        let operator = self.operator()?;
        let value = self.value(operator == Operator::Matches)?;
        Ok(Parsed { path, operator, value })
    }

    fn path(&mut self) -> Result<Vec<Vec<u8>>, ParseError> {
        let mut path = vec![self.field()?];
        while self.scanner.peek() == Read::Char('.') {
            self.scanner.scan();
            path.push(self.field()?);
        }
        Ok(path)
    }

    fn field(&mut self) -> Result<Vec<u8>, ParseError> {
        let found = self.scanner.scan();
        match found.token {
            Token::Field => Ok(found.text.to_vec()),
            Token::Quoted => self.unquoted(found, false),
            _ => Err(self.unexpected(found, "expected field or quoted")),
        }
    }

    fn operator(&mut self) -> Result<Operator, ParseError> {
        let found = self.scanner.scan();
        match (found.token, found.text) {
            (Token::Operator, b"==") => Ok(Operator::Equal),
            (Token::Operator, b"!=") => Ok(Operator::NotEqual),
            (Token::Operator, b"~=") => Ok(Operator::Matches),
            (Token::Operator, other) => {
                Err(ParseError { at: found.at, message: format!("unsupported operator {}", text::quote(other)) })
            }
            _ => Err(self.unexpected(found, r#"expected an operator ("=="|"!="|"~=")"#)),
        }
    }

    fn value(&mut self, any_quote: bool) -> Result<Vec<u8>, ParseError> {
        let found = self.scanner.scan();
        match found.token {
            Token::Value | Token::Field => Ok(found.text.to_vec()),
            Token::Quoted => self.unquoted(found, any_quote),
            _ => Err(self.unexpected(found, "expected value or quoted")),
        }
    }

    fn unquoted(&self, found: Scanned<'_>, any_quote: bool) -> Result<Vec<u8>, ParseError> {
        if !any_quote && !found.text.starts_with(b"\"") {
            return Err(ParseError { at: found.at, message: "invalid quote encountered".into() });
        }
        unquote(found.text)
            .ok_or_else(|| ParseError { at: found.at, message: "unquoting failed: quote syntax error".into() })
    }

    fn unexpected(&self, found: Scanned<'_>, expected: &str) -> ParseError {
        let message = if found.token == Token::Illegal { self.scanner.error() } else { expected };
        ParseError { at: found.at, message: message.into() }
    }
}
