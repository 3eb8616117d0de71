//! A tree as an expression for the `regex` crate, every construct spelt out so that nothing rests on the crate's own
//! dialect: characters as numbers, sets as ranges, words as ASCII.

use super::class::{self, Span};
use super::fold;
use super::tree::{Node, NodeId, Tree};
use std::fmt::Write as _;

/// How deep a tree the crate gets. It compiles by recursion, and in a debug build one level takes some 20 KB of stack.
const MAX_HEIGHT: u32 = 10;

/// How large a tree the crate gets, in Go's estimate, so that compiling does not cost more than it saves.
const MAX_SIZE: u64 = 2000;

/// How long an expression the crate gets, in bytes.
const MAX_LEN: usize = 1 << 16;

/// The expression; `None` for a tree that the crate should not get.
pub(super) fn emit(tree: &Tree, root: NodeId) -> Option<String> {
    if tree.height(root) > MAX_HEIGHT || tree.size(root) > MAX_SIZE {
        return None;
    }
    let mut out = String::new();
    node(tree, root, &mut out)?;
    Some(out)
}

/// Recursion goes no deeper than `MAX_HEIGHT`.
fn node(tree: &Tree, id: NodeId, out: &mut String) -> Option<()> {
    if out.len() > MAX_LEN {
        return None;
    }
    match tree.node(id) {
        Node::Never => set(&[], out),
        Node::Empty | Node::Open { .. } | Node::Bar => {}
        Node::Literal { fold, run } => {
            for &c in tree.characters(*run) {
                if *fold {
                    let mut cases: Vec<Span> = fold::cases(c).map(|c| (c, c)).collect();
                    class::clean(&mut cases);
                    set(&cases, out);
                } else {
                    set(&[(c, c)], out);
                }
            }
        }
        Node::Class(spans) => set(spans, out),
        Node::AnyNotNewline => set(class::NOT_NEWLINE, out),
        Node::Any => set(class::ALL, out),
        Node::BeginLine => out.push_str("(?m:^)"),
        Node::EndLine => out.push_str("(?m:$)"),
        Node::BeginText => out.push_str(r"\A"),
        Node::EndText => out.push_str(r"\z"),
        Node::WordBoundary => out.push_str(r"(?-u:\b)"),
        Node::NotWordBoundary => out.push_str(r"(?-u:\B)"),
        Node::Capture(sub) => node(tree, *sub, out)?,
        Node::Star(sub) => repeated(tree, *sub, "*", out)?,
        Node::Plus(sub) => repeated(tree, *sub, "+", out)?,
        Node::Quest(sub) => repeated(tree, *sub, "?", out)?,
        Node::Repeat { sub, min, max, .. } => {
            let max = max.map(|max| max.to_string()).unwrap_or_default();
            repeated(tree, *sub, &format!("{{{min},{max}}}"), out)?;
        }
        Node::Concat(subs) => {
            for sub in subs {
                node(tree, *sub, out)?;
            }
        }
        Node::Alternate(subs) => {
            let mut mark = "(?:";
            for sub in subs {
                out.push_str(mark);
                node(tree, *sub, out)?;
                mark = "|";
            }
            out.push(')');
        }
    }
    Some(())
}

fn repeated(tree: &Tree, sub: NodeId, operator: &str, out: &mut String) -> Option<()> {
    out.push_str("(?:");
    node(tree, sub, out)?;
    out.push(')');
    out.push_str(operator);
    Some(())
}

/// A set, without the surrogates, which no text has and the crate does not know.
fn set(spans: &[Span], out: &mut String) {
    let start = out.len();
    for &(first, last) in spans {
        for (first, last) in [(first, last.min(0xd7ff)), (first.max(0xe000), last)] {
            if first <= last {
                // Writing to a String cannot fail.
                let _ = write!(out, r"\x{{{first:x}}}-\x{{{last:x}}}");
            }
        }
    }
    if out.len() == start {
        out.push_str(r"^\x{0}-\x{10ffff}");
    }
    out.insert(start, '[');
    out.push(']');
}
