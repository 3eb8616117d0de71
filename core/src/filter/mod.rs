//! containerd's filter language: `labels.app==web,image~=nginx`. Source: containerd-metadata §8.
//!
//! A filter is a list of texts, of which one must hold. In each text, all selectors between the commas must hold:
//!
//! | Selector | Holds when |
//! |---|---|
//! | `labels.app` | the field is there |
//! | `labels.app==web` | the field is there and is `web` |
//! | `labels.app!=web` | the field is anything else, or is not there |
//! | `labels.app~=^w` | the regular expression matches somewhere in the field; one that is not there is empty |
//!
//! What a field is, is up to the record: it is an [`Adaptor`].
//!
//! ```
//! use stowbook::filter::{FieldMap, Filter};
//! let web = FieldMap::from_iter([("id", "web-1"), ("labels.app", "web")]);
//! assert!(Filter::parse(["labels.app==web"])?.matches(&web));
//! assert!(!Filter::parse(["labels.app==web,image"])?.matches(&web));
//! assert!(Filter::parse(["image", r"id~=/^web-\\d+$/"])?.matches(&web));
//!
//! let error = Filter::parse(["id=web"]).unwrap_err();
//! assert_eq!(error.to_string(), r#"filters: parse error: [id >|=|< web]: unsupported operator "=": invalid argument"#);
//! # Ok::<(), stowbook::Error>(())
//! ```
#![deny(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used
)]

mod adaptor;
mod parse;
mod regex;
mod rune;
mod scan;
mod unquote;

pub use adaptor::{Adaptor, FieldMap, join_path};

use self::regex::{Budget, Refusal, Regex};
use crate::error::{Error, ErrorKind, Result};
use std::collections::BTreeSet;

/// A question to records: the parsed form of a list of filter texts.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    texts: Vec<Vec<Selector>>,
    warnings: Vec<Warning>,
}

/// One condition for one field.
#[derive(Debug, Clone)]
pub struct Selector {
    path: Vec<Vec<u8>>,
    operator: Operator,
    value: Vec<u8>,
    /// What `~=` asks for. `None` for the other operators, and if it does not compile.
    regex: Option<Regex>,
}

/// How a selector compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operator {
    /// No operator: the field is there.
    Present,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `~=`
    Matches,
}

/// Something in a filter that containerd accepts, and whoever wrote it surely did not mean.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Which filter text it is in, from 0.
    pub filter: usize,
    /// Which selector of that text it is in, from 0.
    pub selector: usize,
    /// The regular expression, which does not compile and therefore matches nothing.
    pub pattern: Vec<u8>,
    /// Why it does not compile, in Go's words.
    pub reason: String,
}

impl Filter {
    /// The filter that every record passes.
    #[must_use]
    pub fn all() -> Self {
        Filter::default()
    }

    /// Parses a list of filter texts, of which a record must pass one. Every record passes the empty list and the empty
    /// text.
    ///
    /// A regular expression that does not compile is no error: it matches nothing, as with containerd, and
    /// [`Filter::warnings`] tells.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidArgument`] for the first text that is no filter. The details `filter` (its number from 0) and
    ///   `position_bytes` say where.
    /// * [`ErrorKind::ResourceExhausted`] if the regular expressions of all texts together cost too much: more than about a
    ///   megabyte of them, or repetition counts that multiply to more than some 65 000 characters and sets. containerd
    ///   goes on to 3.3 million, and beyond that matches nothing.
    /// * [`ErrorKind::NotImplemented`] for a Unicode class such as `\p{Greek}` in a build without the feature `regex`.
    pub fn parse(texts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<Self> {
        let mut parsed = Vec::new();
        for (number, text) in texts.into_iter().enumerate() {
            let text = text.as_ref();
            parsed.push(parse::parse(text).map_err(|error| {
                Error::invalid_argument(error.explain(text))
                    .with_detail("filter", number)
                    .with_detail("position_bytes", error.at)
                    .with_help(
                        "a filter is field==value, field!=value, field~=regex or a field alone; ',' joins several",
                    )
            })?);
        }
        // Only now, because containerd reports a text that it cannot parse before anything else.
        let mut budget = Budget::new();
        let mut filter = Filter::default();
        for selectors in parsed {
            let mut text = Vec::with_capacity(selectors.len());
            for selector in selectors {
                let regex = filter.compile(&selector, text.len(), &mut budget)?;
                let parse::Parsed { path, operator, value } = selector;
                text.push(Selector { path, operator, value, regex });
            }
            filter.texts.push(text);
        }
        Ok(filter)
    }

    /// Whether every record passes, whatever it is.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.texts.is_empty() || self.texts.iter().any(Vec::is_empty)
    }

    /// Whether a record passes.
    #[must_use]
    pub fn matches(&self, record: &(impl Adaptor + ?Sized)) -> bool {
        self.is_all() || self.texts.iter().any(|text| text.iter().all(|selector| selector.holds(record)))
    }

    /// The names that the field paths begin with: all of a record that [`Filter::matches`] looks at. None if
    /// [`Filter::is_all`].
    ///
    /// ```
    /// # use stowbook::filter::Filter;
    /// let filter = Filter::parse(["labels.a==1,id", "labels.b"])?;
    /// assert!(filter.first_fields().into_iter().eq([&b"id"[..], b"labels"]));
    /// # Ok::<(), stowbook::Error>(())
    /// ```
    #[must_use]
    pub fn first_fields(&self) -> BTreeSet<&[u8]> {
        if self.is_all() {
            return BTreeSet::new();
        }
        self.texts.iter().flatten().filter_map(|selector| selector.path.first()).map(Vec::as_slice).collect()
    }

    /// The selectors of each text. The empty text has none.
    pub fn selectors(&self) -> impl ExactSizeIterator<Item = &[Selector]> {
        self.texts.iter().map(Vec::as_slice)
    }

    /// The regular expressions that do not compile, in the order of the texts.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Compiles the regular expression of a selector that has one, which will be number `selector` of the next text.
    fn compile(&mut self, parsed: &parse::Parsed, selector: usize, budget: &mut Budget) -> Result<Option<Regex>> {
        if parsed.operator != Operator::Matches {
            return Ok(None);
        }
        let filter = self.texts.len();
        let refusal = match Regex::new(&parsed.value, budget) {
            Ok(regex) => return Ok(Some(regex)),
            Err(refusal) => refusal,
        };
        if let Some(reason) = refusal.in_go(&parsed.value) {
            self.warnings.push(Warning { filter, selector, pattern: parsed.value.clone(), reason });
            return Ok(None);
        }
        let error = match refusal {
            Refusal::Unsupported => Error::not_implemented(
                "filters: regular expression with a Unicode class (\\p{..}): this build has no tables for it",
            )
            .with_help(
                "write the characters as ranges, such as [\\x{370}-\\x{3ff}], or use a build with the feature regex",
            ),
            _ => Error::classed(ErrorKind::ResourceExhausted, "filters: regular expressions too large")
                .with_help("use lower repetition counts, or fewer or shorter regular expressions"),
        };
        Err(error
            .with_detail("filter", filter)
            .with_detail("selector", selector)
            .with_detail("regex_bytes", parsed.value.len()))
    }
}

impl Selector {
    /// The field: its names from the outermost in.
    #[must_use]
    pub fn path(&self) -> &[Vec<u8>] {
        &self.path
    }

    /// How it compares.
    #[must_use]
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// What it compares with. Empty for [`Operator::Present`].
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    fn holds(&self, record: &(impl Adaptor + ?Sized)) -> bool {
        let field = record.field(&self.path);
        match self.operator {
            Operator::Present => field.is_some(),
            Operator::Equal => field.is_some_and(|value| *value == *self.value),
            Operator::NotEqual => *field.unwrap_or_default() != *self.value,
            Operator::Matches => self.regex.as_ref().is_some_and(|regex| regex.is_match(&field.unwrap_or_default())),
        }
    }
}

impl Operator {
    /// The operator as it is written; `present` if it is not.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Present => "present",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Matches => "~=",
        }
    }
}

#[cfg(test)]
mod tests;
