//! What keeps a text from being JSON.

use super::{Edit, Span};

/// One thing in a text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// Where it is.
    pub span: Span,
    /// What makes it right, if there is only one reading. Empty if there is not.
    pub edits: Vec<Edit>,
}

/// What is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The text is longer than [`super::MAX_LENGTH`]; it was not read.
    TooLong,
    /// Deeper than [`super::MAX_DEPTH`]; the value was skipped.
    TooDeep,
    /// A byte that is not UTF-8.
    NotUtf8,
    /// UTF-16; it was not read.
    Utf16,
    /// A byte order mark.
    ByteOrderMark,
    /// Nothing but white space.
    Empty,
    /// Something behind the value.
    TrailingData,
    /// A comma before a closing bracket.
    TrailingComma,
    /// A comma with no value before it.
    ExtraComma,
    /// Two values with no comma between.
    MissingComma,
    /// A key with no colon behind it.
    MissingColon,
    /// Something else where a colon belongs.
    EqualsForColon,
    /// A key with no value.
    MissingValue,
    /// A comment.
    Comment,
    /// Single quotes.
    SingleQuotes,
    /// A key with no quotes.
    BareKey,
    /// A word that is not `true`, `false` or `null`.
    BareWord,
    /// A number in a form that JSON does not have: `0x10`, `007`, `+1`, `.5`.
    NumberForm,
    /// A string that ends with its line.
    UnterminatedString,
    /// A control character in a string.
    ControlCharacter,
    /// A backslash before something that is no escape.
    BadEscape,
    /// Half of a surrogate pair.
    LoneSurrogate,
    /// A list or object that is still open at the end of the text, or at another's closing bracket.
    MissingClose,
    /// A closing bracket with nothing to close.
    ExtraClose,
    /// A value where a key belongs.
    MissingKey,
    /// Anything else.
    Unexpected,
}

impl ProblemKind {
    /// Whether it is about where values begin and end, and not about one value alone.
    pub(crate) fn is_of_structure(self) -> bool {
        !matches!(
            self,
            ProblemKind::TooDeep
                | ProblemKind::NotUtf8
                | ProblemKind::BareWord
                | ProblemKind::NumberForm
                | ProblemKind::ControlCharacter
                | ProblemKind::BadEscape
                | ProblemKind::LoneSurrogate
        )
    }

    /// What it is, as the end of a sentence.
    pub fn text(self) -> &'static str {
        match self {
            ProblemKind::TooLong => "the text is longer than 16 MiB and was not read",
            ProblemKind::TooDeep => "more than 128 lists and objects are nested; what is deeper was not read",
            ProblemKind::NotUtf8 => "this byte is not UTF-8",
            ProblemKind::Utf16 => "the text is UTF-16, and JSON has to be UTF-8",
            ProblemKind::ByteOrderMark => "the text starts with a byte order mark",
            ProblemKind::Empty => "there is no value",
            ProblemKind::TrailingData => "there is more text behind the value",
            ProblemKind::TrailingComma => "a comma stands before the closing bracket",
            ProblemKind::ExtraComma => "a comma stands where a value is expected",
            ProblemKind::MissingComma => "a comma is missing before this",
            ProblemKind::MissingColon => "a colon is missing after the key",
            ProblemKind::EqualsForColon => "an equals sign stands where a colon belongs",
            ProblemKind::MissingValue => "the key has no value",
            ProblemKind::Comment => "JSON has no comments",
            ProblemKind::SingleQuotes => "strings take double quotes",
            ProblemKind::BareKey => "keys take double quotes",
            ProblemKind::BareWord => "this word is neither true, false nor null",
            ProblemKind::NumberForm => "JSON writes numbers in plain decimal digits",
            ProblemKind::UnterminatedString => "the closing quote is missing",
            ProblemKind::ControlCharacter => "a control character in a string has to be written as an escape",
            ProblemKind::BadEscape => "this is no escape that JSON has",
            ProblemKind::LoneSurrogate => "this escape is half of a surrogate pair",
            ProblemKind::MissingClose => "a closing bracket is missing",
            ProblemKind::ExtraClose => "this closing bracket closes nothing",
            ProblemKind::MissingKey => "an object takes a key before each value",
            ProblemKind::Unexpected => "this is neither a value nor a comma nor a bracket",
        }
    }
}
