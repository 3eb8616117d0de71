//! Regular expressions as Go has them (RE2, package `regexp`), which is what `~=` in a filter means.
//!
//! [`syntax`] reads an expression by Go's rules into a [`tree`]. Then one of three ways answers whether it matches
//! somewhere in a text: comparing texts, if the expression is no more than one; the `regex` crate (feature `regex`), if the
//! expression is shallow and small, as nearly all are; a [`program`] run by [`search`] for everything else. The crate
//! compiles by recursion and would overflow its stack on what Go accepts, hence the third way.
//!
//! Captures and greediness change no answer and are dropped. One difference to Go is known: by a slip there, `^\x{D800}`
//! matches U+FFFD, though no text has surrogates. Here it matches nothing, as without `^`.

mod budget;
mod class;
mod cursor;
#[cfg(feature = "regex")]
mod emit;
mod factor;
mod fold;
mod fold_table;
mod program;
#[cfg(feature = "regex")]
mod property;
#[cfg(feature = "regex")]
mod property_table;
mod search;
mod stack;
mod syntax;
mod tree;

pub(super) use budget::Budget;

use program::Program;
use std::ops::Range;
use std::sync::Arc;
use tree::{Node, NodeId, Tree};

/// Why an expression cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Go refuses it too: what is wrong, in Go's words, and with which part.
    Syntax { what: &'static str, part: Range<usize> },
    /// Go refuses it too, for the height of its tree.
    TooDeep,
    /// It costs more than the budget of its filter.
    TooLarge,
    /// It names a Unicode class, whose tables this build does not have.
    #[cfg_attr(feature = "regex", allow(dead_code))]
    Unsupported,
}

impl Refusal {
    /// Go's message, where Go refuses the expression too.
    pub(super) fn in_go(&self, pattern: &[u8]) -> Option<String> {
        let (what, part) = match self {
            Refusal::Syntax { what, part } => (*what, pattern.get(part.clone()).unwrap_or_default()),
            Refusal::TooDeep => ("expression nests too deeply", pattern),
            Refusal::TooLarge | Refusal::Unsupported => return None,
        };
        Some(format!("error parsing regexp: {what}: `{}`", crate::text::lossy(part)))
    }
}

/// An expression, ready to be asked.
#[derive(Debug, Clone)]
pub(super) struct Regex(Way);

/// The way to the answer.
#[derive(Debug, Clone)]
enum Way {
    /// A literal text, and whether it must stand at the beginning and at the end.
    Text { text: Box<str>, begins: bool, ends: bool },
    /// In the hands of the crate.
    #[cfg(feature = "regex")]
    Crate(Box<regex::Regex>),
    /// Instructions.
    Program(Arc<Program>),
}

impl Regex {
    /// Compiles an expression.
    ///
    /// # Errors
    ///
    /// A [`Refusal`].
    pub(super) fn new(pattern: &[u8], budget: &mut Budget) -> Result<Regex, Refusal> {
        let (tree, root) = syntax::parse(pattern, budget)?;
        if let Some(text) = as_text(&tree, root) {
            return Ok(Regex(text));
        }
        #[cfg(feature = "regex")]
        if let Some(compiled) = in_crate(&tree, root, budget) {
            return Ok(Regex(compiled));
        }
        Ok(Regex(Way::Program(Arc::new(Program::compile(&tree, root, pattern.len(), budget)?))))
    }

    /// Whether the expression matches somewhere in the text, in which each byte that is not UTF-8 counts as U+FFFD.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        let haystack = crate::text::lossy(text);
        match &self.0 {
            Way::Text { text, begins: true, ends: true } => *haystack == **text,
            Way::Text { text, begins: true, ends: false } => haystack.starts_with(&**text),
            Way::Text { text, begins: false, ends: true } => haystack.ends_with(&**text),
            Way::Text { text, begins: false, ends: false } => haystack.contains(&**text),
            #[cfg(feature = "regex")]
            Way::Crate(regex) => regex.is_match(&haystack),
            Way::Program(program) => program.is_match(&haystack),
        }
    }
}

/// The expression as a text to compare with, if it is one.
fn as_text(tree: &Tree, root: NodeId) -> Option<Way> {
    let mut parts = match tree.node(root) {
        Node::Concat(subs) => subs.as_slice(),
        _ => std::slice::from_ref(&root),
    };
    let begins = matches!(parts, [first, ..] if matches!(tree.node(*first), Node::BeginText));
    parts = parts.get(usize::from(begins)..).unwrap_or_default();
    let mut ends = false;
    if let [before @ .., last] = parts
        && matches!(tree.node(*last), Node::EndText)
    {
        ends = true;
        parts = before;
    }
    let characters = match parts {
        [] => &[],
        [only] => match tree.node(*only) {
            Node::Empty => &[],
            Node::Literal { fold: false, run } => tree.characters(*run),
            _ => return None,
        },
        _ => return None,
    };
    let text: Option<String> = characters.iter().map(|&c| char::from_u32(c)).collect();
    Some(Way::Text { text: text?.into(), begins, ends })
}

/// The expression in the hands of the `regex` crate, if it suits it and the filter has not filled too many already.
#[cfg(feature = "regex")]
fn in_crate(tree: &Tree, root: NodeId, budget: &mut Budget) -> Option<Way> {
    /// What one expression may take, in bytes: compiled, and again while it searches.
    const MAX_BYTES: usize = 1 << 20;
    let pattern = emit::emit(tree, root)?;
    budget.take_crate_place()?;
    let built = regex::RegexBuilder::new(&pattern).size_limit(MAX_BYTES).dfa_size_limit(MAX_BYTES).build();
    // Should the crate refuse one, the program answers.
    Some(Way::Crate(Box::new(built.ok()?)))
}

#[cfg(test)]
mod tests;
