use super::Bounds;
use crate::text::quote;
use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A place in the event log of one book: behind an event. A restored backup is the same book, and may lie before the place.
///
/// As text it is the book's id in hex, a colon and the number.
///
/// ```
/// use stowbook::{Cursor, Store};
/// let cursor = Store::in_memory().events().cursor(7)?;
/// assert_eq!(cursor.to_string().parse::<Cursor>()?, cursor);
/// # Ok::<(), stowbook::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Which book: the id of its header.
    pub book: [u8; 16],
    /// The number of the event; 0 for the place before the first.
    pub number: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}:{}", u128::from_be_bytes(self.book), self.number)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once(':').and_then(|(book, number)| {
            let is_id = book.len() == 32 && book.bytes().all(|byte| byte.is_ascii_hexdigit());
            let book = u128::from_str_radix(book, 16).ok().filter(|_| is_id)?;
            Some(Cursor { book: book.to_be_bytes(), number: parse_number(number)? })
        });
        parts.ok_or_else(|| {
            Error::invalid_argument(format!("cursor {}", quote(text)))
                .with_help("a cursor is a book's id in 32 hex digits, a colon, and the number of an event")
        })
    }
}

/// Digits only: `parse` would take a sign.
fn parse_number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Where to begin in an event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Since {
    /// With the oldest event that is kept.
    Oldest,
    /// With the next event to come.
    Now,
    /// With the event behind this one.
    After(u64),
    /// With the event behind this one, if the book is still the same.
    Cursor(Cursor),
}

impl From<u64> for Since {
    fn from(number: u64) -> Self {
        Since::After(number)
    }
}

impl From<Cursor> for Since {
    fn from(cursor: Cursor) -> Self {
        Since::Cursor(cursor)
    }
}

/// What to write instead of what is no place in the log.
const SINCE: &str = "begin with oldest, now, the number of an event, or a cursor: a book's id in 32 hex digits, a colon, and the \
                     number of an event";

/// `oldest`, `now`, a number, or a cursor as text.
impl FromStr for Since {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, parse_number(text)) {
            ("oldest", _) => Ok(Since::Oldest),
            ("now", _) => Ok(Since::Now),
            (_, Some(number)) => Ok(Since::After(number)),
            _ => text.parse().map(Since::Cursor).map_err(|error: Error| error.with_help(SINCE)),
        }
    }
}

impl Since {
    /// The number of the event to begin behind.
    pub(super) fn resolve(self, book: [u8; 16], bounds: Bounds) -> Result<u64> {
        match self {
            Since::Oldest => Ok(bounds.first.saturating_sub(1)),
            Since::Now => Ok(bounds.last),
            Since::After(number) => check(number, bounds),
            Since::Cursor(cursor) if cursor.book == book => check(cursor.number, bounds),
            Since::Cursor(cursor) => {
                let own = Cursor { book, number: bounds.last };
                Err(Error::failed_precondition("the cursor belongs to another book")
                    .with_detail("cursor", cursor)
                    .with_detail("newest", own)
                    .with_help("list the records anew, and go on from the newest event"))
            }
        }
    }
}

/// That the events behind `number` are all kept, or all to come.
pub(super) fn check(number: u64, bounds: Bounds) -> Result<u64> {
    let message = if number > bounds.last {
        format!("event {number} has not happened yet: the newest is event {}", bounds.last)
    } else if number.saturating_add(1) < bounds.first {
        let oldest = bounds.first;
        format!("event {} is not kept any more: the oldest is event {oldest}", number.saturating_add(1))
    } else {
        return Ok(number);
    };
    Err(Error::out_of_range(message)
        .with_detail("oldest", bounds.first)
        .with_detail("newest", bounds.last)
        .with_help("list the records anew, and go on from the newest event"))
}
