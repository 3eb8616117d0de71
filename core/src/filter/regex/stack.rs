//! The parser's stack: what has been read and not yet become part of something larger.
//!
//! The order of its steps is that of Go's parser, which makes a tree of the same shape.

use super::class::{self, Span};
use super::fold;
use super::syntax::Flags;
use super::tree::{Node, NodeId, Run, Tree};
use super::{Budget, Refusal};

/// A stack over the tree that it builds.
#[derive(Debug)]
pub(super) struct Stack<'b> {
    pub(super) tree: Tree,
    pub(super) budget: &'b mut Budget,
    items: Vec<NodeId>,
}

impl<'b> Stack<'b> {
    pub(super) fn new(budget: &'b mut Budget) -> Self {
        Stack { tree: Tree::default(), budget, items: Vec::new() }
    }

    /// Puts a construct on the stack.
    pub(super) fn push_node(&mut self, node: Node) -> Result<(), Refusal> {
        let id = self.tree.add(node, self.budget)?;
        self.push(id)
    }

    /// Puts one character on the stack, in any case if `fold`.
    pub(super) fn push_literal(&mut self, c: u32, fold: bool) -> Result<(), Refusal> {
        let run = self.tree.character(if fold { fold::least(c) } else { c }, self.budget)?;
        self.push_node(Node::Literal { fold, run })
    }

    /// Puts a repetition of what is on top in its place. `None` if nothing is there to repeat.
    pub(super) fn repeat(&mut self, make: impl FnOnce(NodeId) -> Node) -> Result<Option<NodeId>, Refusal> {
        let Some(top) = self.items.last_mut() else { return Ok(None) };
        if self.tree.node(*top).is_mark() {
            return Ok(None);
        }
        *top = self.tree.add(make(*top), self.budget)?;
        self.tree.check(*top)?;
        Ok(Some(*top))
    }

    /// Ends one alternative at a vertical bar.
    pub(super) fn bar(&mut self) -> Result<(), Refusal> {
        self.concat()?;
        if !self.swap_bar()? {
            self.push_node(Node::Bar)?;
        }
        Ok(())
    }

    /// Ends a group and gives the flags that held before it. `None` if none is open.
    pub(super) fn close(&mut self) -> Result<Option<Flags>, Refusal> {
        self.finish_alternatives()?;
        let (Some(inner), Some(open)) = (self.items.pop(), self.items.pop()) else { return Ok(None) };
        let Node::Open { captures, flags } = *self.tree.node(open) else { return Ok(None) };
        if captures {
            self.tree.replace(open, Node::Capture(inner));
            self.push(open)?;
        } else {
            self.tree.release(open);
            self.push(inner)?;
        }
        Ok(Some(flags))
    }

    /// Ends the expression. `None` if a group is still open.
    pub(super) fn finish(mut self) -> Result<Option<(Tree, NodeId)>, Refusal> {
        self.finish_alternatives()?;
        match self.items.as_slice() {
            [root] => Ok(Some((self.tree, *root))),
            _ => Ok(None),
        }
    }

    fn finish_alternatives(&mut self) -> Result<(), Refusal> {
        self.concat()?;
        if self.swap_bar()? {
            self.items.pop();
        }
        let subs = self.above_mark();
        if let Some(&last) = subs.last() {
            self.tree.tidy_set(last);
        }
        let id = match subs.is_empty() {
            true => self.tree.add(Node::Never, self.budget)?,
            false => self.alternate(subs)?,
        };
        self.push(id)
    }

    /// Makes one construct of those above the last mark.
    fn concat(&mut self) -> Result<(), Refusal> {
        self.join_literals(None)?;
        let subs = self.above_mark();
        let id = match subs.as_slice() {
            [] => self.tree.add(Node::Empty, self.budget)?,
            [only] => *only,
            _ => {
                let list = self.hoisted(subs, |node| matches!(node, Node::Concat(_)))?;
                self.tree.add(Node::Concat(list), self.budget)?
            }
        };
        self.push(id)
    }

    /// The list, with the members of those that are such lists themselves in their place.
    pub(super) fn hoisted(&mut self, subs: Vec<NodeId>, is_list: fn(&Node) -> bool) -> Result<Vec<NodeId>, Refusal> {
        let mut list = Vec::with_capacity(subs.len());
        for sub in subs {
            if is_list(self.tree.node(sub)) {
                list.extend_from_slice(self.tree.node(sub).children());
                self.tree.release(sub);
            } else {
                list.push(sub);
            }
        }
        self.budget.spend(list.len())?;
        Ok(list)
    }

    fn above_mark(&mut self) -> Vec<NodeId> {
        let above = self.items.iter().rev().take_while(|&&id| !self.tree.node(id).is_mark()).count();
        self.items.split_off(self.items.len().saturating_sub(above))
    }

    fn push(&mut self, id: NodeId) -> Result<(), Refusal> {
        let single = match self.tree.node(id) {
            Node::Class(spans) => single(spans),
            _ => None,
        };
        if let Some((c, fold)) = single {
            if self.join_literals(Some((c, fold)))? {
                self.tree.release(id);
                return Ok(());
            }
            let run = self.tree.character(c, self.budget)?;
            self.tree.replace(id, Node::Literal { fold, run });
        } else {
            self.join_literals(None)?;
        }
        self.items.push(id);
        self.tree.check(id)
    }

    /// Joins the two literals on top, since nothing can be said of the upper one alone any more. If there were two, and
    /// one more character is given, it goes on top; tells whether it did.
    fn join_literals(&mut self, more: Option<(u32, bool)>) -> Result<bool, Refusal> {
        let [.., lower, upper] = *self.items.as_slice() else { return Ok(false) };
        let (Node::Literal { fold, run }, Node::Literal { fold: upper_fold, run: upper_run }) =
            (self.tree.node(lower), self.tree.node(upper))
        else {
            return Ok(false);
        };
        if fold != upper_fold {
            return Ok(false);
        }
        let (fold, run, upper_run) = (*fold, *run, *upper_run);
        let run = self.tree.joined(run, upper_run, self.budget)?;
        self.tree.replace(lower, Node::Literal { fold, run });
        let Some((c, fold)) = more else {
            self.items.pop();
            self.tree.release(upper);
            return Ok(false);
        };
        let run: Run = self.tree.character(c, self.budget)?;
        self.tree.replace(upper, Node::Literal { fold, run });
        Ok(true)
    }

    /// Moves a finished alternative below the bar under it, or into the set below that. Tells whether a bar was there.
    fn swap_bar(&mut self) -> Result<bool, Refusal> {
        let [rest @ .., bar, top] = self.items.as_slice() else { return Ok(false) };
        let (bar, top) = (*bar, *top);
        if !matches!(self.tree.node(bar), Node::Bar) {
            return Ok(false);
        }
        if let Some(&below) = rest.last() {
            let ranks = (self.tree.node(below).set_rank(), self.tree.node(top).set_rank());
            if let (Some(lower), Some(upper)) = ranks {
                let (into, from) = if upper > lower { (top, below) } else { (below, top) };
                self.merge_set(into, from)?;
                self.items.truncate(self.items.len().saturating_sub(3));
                self.items.extend([into, bar]);
                return Ok(true);
            }
            // Nothing is merged into it any more.
            self.tree.tidy_set(below);
        }
        self.items.truncate(self.items.len().saturating_sub(2));
        self.items.extend([top, bar]);
        Ok(true)
    }

    /// Adds the characters of a set to one that is at least as complex. The other is released.
    pub(super) fn merge_set(&mut self, into: NodeId, from: NodeId) -> Result<(), Refusal> {
        let from_node = self.tree.take(from);
        self.tree.release(from);
        let merged = match self.tree.take(into) {
            Node::AnyNotNewline if self.has_newline(&from_node) => Node::Any,
            Node::Class(mut spans) => {
                self.add_set(&mut spans, &from_node)?;
                Node::Class(spans)
            }
            Node::Literal { fold, run } => match from_node {
                Node::Literal { fold: other, run: other_run }
                    if fold == other && self.tree.characters(run) == self.tree.characters(other_run) =>
                {
                    Node::Literal { fold, run }
                }
                _ => {
                    let mut spans = Vec::new();
                    self.add_set(&mut spans, &Node::Literal { fold, run })?;
                    self.add_set(&mut spans, &from_node)?;
                    Node::Class(spans)
                }
            },
            other => other,
        };
        self.tree.replace(into, merged);
        Ok(())
    }

    fn has_newline(&self, node: &Node) -> bool {
        match node {
            Node::Literal { run, .. } => self.tree.characters(*run) == [0x0a],
            Node::Class(spans) => spans.iter().any(|&(first, last)| first <= 0x0a && 0x0a <= last),
            Node::Any => true,
            _ => false,
        }
    }

    fn add_set(&mut self, spans: &mut Vec<Span>, node: &Node) -> Result<(), Refusal> {
        match node {
            Node::Class(other) => class::add(spans, other, false, false, self.budget),
            Node::Literal { fold, run } => {
                let c = self.tree.characters(*run).first().copied().unwrap_or_default();
                for c in fold::cases(c).take(if *fold { 4 } else { 1 }) {
                    class::push(spans, (c, c));
                }
                self.budget.spend(1)
            }
            _ => Ok(()),
        }
    }
}

/// The one character of a set that has one, or the least of a set that is a letter in its two cases.
fn single(spans: &[Span]) -> Option<(u32, bool)> {
    let (first, second) = match *spans {
        [(first, last)] if first == last => return Some((first, false)),
        [(first, second)] if first.checked_add(1) == Some(second) => (first, second),
        [(first, end), (second, last)] if first == end && second == last => (first, second),
        _ => return None,
    };
    fold::cases(first).eq([first, second]).then_some((first, true))
}
