//! Alternatives that begin alike, written so that they begin once: `ab|ac|ad` is `a[b-d]`.
//!
//! Go does it while it parses, and its limit of height is for the outcome. It also makes long lists of names fast.
//! Alternatives nest as deep as a hostile expression likes, hence the list of frames in place of recursion.

use super::Refusal;
use super::stack::Stack;
use super::tree::{Node, NodeId, Run};

/// One list of alternatives on its way through the rounds.
#[derive(Debug)]
struct Frame {
    items: std::vec::IntoIter<NodeId>,
    done: Vec<NodeId>,
    round: Round,
    /// What begins the group that is being looked into, whose frame is above.
    prefix: Option<NodeId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Literal texts that begin alike.
    Texts,
    /// Concatenations that begin with the same set of characters.
    Sets,
}

/// Some alternatives that begin alike: what they begin with, and what is left of them.
struct Group {
    prefix: NodeId,
    rests: Vec<NodeId>,
}

impl Frame {
    fn new(items: Vec<NodeId>) -> Self {
        Frame { items: items.into_iter(), done: Vec::new(), round: Round::Texts, prefix: None }
    }
}

impl Stack<'_> {
    /// One construct of several alternatives.
    pub(super) fn alternate(&mut self, subs: Vec<NodeId>) -> Result<NodeId, Refusal> {
        if let [only] = *subs.as_slice() {
            return Ok(only);
        }
        let mut frames = vec![Frame::new(self.hoisted_alternatives(subs)?)];
        while let Some(mut frame) = frames.pop() {
            if let Some(group) = self.next_group(&mut frame)? {
                frame.prefix = Some(group.prefix);
                frames.push(frame);
                frames.push(Frame::new(self.hoisted_alternatives(group.rests)?));
                continue;
            }
            let list = self.without_repeated_empties(&frame.done);
            let joined = match *list.as_slice() {
                [only] => only,
                _ => self.tree.add(Node::Alternate(list), self.budget)?,
            };
            let Some(outer) = frames.last_mut() else { return Ok(joined) };
            let parts = outer.prefix.take().into_iter().chain([joined]).collect();
            outer.done.push(self.tree.add(Node::Concat(parts), self.budget)?);
        }
        self.tree.add(Node::Never, self.budget)
    }

    fn hoisted_alternatives(&mut self, subs: Vec<NodeId>) -> Result<Vec<NodeId>, Refusal> {
        self.hoisted(subs, |node| matches!(node, Node::Alternate(_)))
    }

    /// Goes on until alternatives are found that begin alike; `None` when the list is through all rounds.
    fn next_group(&mut self, frame: &mut Frame) -> Result<Option<Group>, Refusal> {
        loop {
            let rest = frame.items.as_slice();
            let Some(&first) = rest.first() else {
                match frame.round {
                    Round::Texts => {
                        frame.round = Round::Sets;
                        frame.items = std::mem::take(&mut frame.done).into_iter();
                        continue;
                    }
                    Round::Sets => {
                        frame.done = self.with_sets_merged(std::mem::take(&mut frame.done))?;
                        return Ok(None);
                    }
                }
            };
            self.budget.spend(1)?;
            match frame.round {
                Round::Texts => {
                    if let (count, Some((fold, run))) = self.alike_texts(rest)?
                        && count > 1
                    {
                        let prefix = self.tree.add(Node::Literal { fold, run }, self.budget)?;
                        let mut rests = Vec::with_capacity(count);
                        for id in frame.items.by_ref().take(count) {
                            rests.push(self.without_text(id, run.len)?);
                        }
                        return Ok(Some(Group { prefix, rests }));
                    }
                }
                Round::Sets => {
                    if let (count, Some(prefix)) = self.alike_sets(rest)?
                        && count > 1
                    {
                        let mut rests = Vec::with_capacity(count);
                        for id in frame.items.by_ref().take(count) {
                            rests.push(self.without_first(id, prefix)?);
                        }
                        return Ok(Some(Group { prefix, rests }));
                    }
                }
            }
            frame.items.next();
            frame.done.push(first);
        }
    }

    /// How many of the first alternatives begin with the same text, and the text.
    fn alike_texts(&mut self, items: &[NodeId]) -> Result<(usize, Option<(bool, Run)>), Refusal> {
        let Some((first, others)) = items.split_first() else { return Ok((0, None)) };
        let Some((fold, mut run)) = self.leading_text(*first) else { return Ok((1, None)) };
        let mut count = 1_usize;
        for &id in others {
            let Some((other_fold, other)) = self.leading_text(id) else { break };
            let pairs = self.tree.characters(run).iter().zip(self.tree.characters(other));
            let same = pairs.take_while(|(a, b)| a == b).count();
            if other_fold != fold || same == 0 {
                break;
            }
            self.budget.spend(same)?;
            run.len = run.len.min(u32::try_from(same).unwrap_or(u32::MAX));
            count = count.saturating_add(1);
        }
        Ok((count, Some((fold, run))))
    }

    fn leading_text(&self, id: NodeId) -> Option<(bool, Run)> {
        let first = match self.tree.node(id) {
            Node::Concat(subs) => *subs.first()?,
            _ => id,
        };
        match self.tree.node(first) {
            Node::Literal { fold, run } => Some((*fold, *run)),
            _ => None,
        }
    }

    /// An alternative without its first characters.
    fn without_text(&mut self, id: NodeId, len: u32) -> Result<NodeId, Refusal> {
        let first = match self.tree.node(id) {
            Node::Concat(subs) => subs.first().copied().unwrap_or(id),
            _ => id,
        };
        let Node::Literal { fold, run } = *self.tree.node(first) else { return Ok(id) };
        let left = Run { start: run.start.saturating_add(len), len: run.len.saturating_sub(len) };
        let node = if left.len == 0 { Node::Empty } else { Node::Literal { fold, run: left } };
        self.tree.replace(first, node);
        let id = match first != id {
            true if left.len == 0 => self.without_first_of_concat(id, true)?,
            true => self.measured(id)?,
            false => id,
        };
        self.tree.check(id)?;
        Ok(id)
    }

    /// How many of the first alternatives begin with the same set of characters, or the same number of them, and the set.
    fn alike_sets(&mut self, items: &[NodeId]) -> Result<(usize, Option<NodeId>), Refusal> {
        let mut firsts = items.iter().map(|&id| self.leading(id));
        let Some(Some(first)) = firsts.next() else { return Ok((1, None)) };
        let cost = match self.tree.node(first) {
            node if node.set_rank().is_some() => self.set_cost(first),
            Node::Repeat { sub, min, max, .. } if *max == Some(*min) && self.tree.node(*sub).set_rank().is_some() => {
                self.set_cost(*sub)
            }
            _ => return Ok((1, None)),
        };
        let alike = firsts.take_while(|&other| other.is_some_and(|other| self.is_same_set(first, other))).count();
        self.budget.spend(cost.saturating_mul(alike.saturating_add(1)))?;
        Ok((alike.saturating_add(1), Some(first)))
    }

    fn set_cost(&self, id: NodeId) -> usize {
        match self.tree.node(id) {
            Node::Class(spans) => spans.len(),
            _ => 1,
        }
    }

    fn leading(&self, id: NodeId) -> Option<NodeId> {
        let first = match self.tree.node(id) {
            Node::Concat(subs) => *subs.first()?,
            _ => id,
        };
        (!matches!(self.tree.node(first), Node::Empty)).then_some(first)
    }

    fn is_same_set(&self, a: NodeId, b: NodeId) -> bool {
        match (self.tree.node(a), self.tree.node(b)) {
            (Node::Any, Node::Any) | (Node::AnyNotNewline, Node::AnyNotNewline) => true,
            (Node::Class(a), Node::Class(b)) => a == b,
            (Node::Literal { fold, run }, Node::Literal { fold: other_fold, run: other }) => {
                fold == other_fold && self.tree.characters(*run) == self.tree.characters(*other)
            }
            (
                Node::Repeat { sub, min, max, lazy },
                Node::Repeat { sub: other, min: other_min, max: other_max, lazy: other_lazy },
            ) => {
                // What is repeated is a set, so that this goes no deeper.
                (min, max, lazy) == (other_min, other_max, other_lazy)
                    && self.tree.node(*sub).set_rank().is_some()
                    && self.is_same_set(*sub, *other)
            }
            _ => false,
        }
    }

    /// An alternative without its first part, which is given back unless it is the one to keep.
    fn without_first(&mut self, id: NodeId, keep: NodeId) -> Result<NodeId, Refusal> {
        let id = match self.tree.node(id) {
            Node::Concat(subs) => {
                let dispensable = subs.first() != Some(&keep);
                self.without_first_of_concat(id, dispensable)?
            }
            _ => {
                if id != keep {
                    self.tree.release(id);
                }
                self.tree.add(Node::Empty, self.budget)?
            }
        };
        self.tree.check(id)?;
        Ok(id)
    }

    fn without_first_of_concat(&mut self, id: NodeId, release: bool) -> Result<NodeId, Refusal> {
        let Node::Concat(mut subs) = self.tree.take(id) else { return Ok(id) };
        self.budget.spend(subs.len())?;
        if !subs.is_empty() {
            let first = subs.remove(0);
            if release {
                self.tree.release(first);
            }
        }
        if let [only] = *subs.as_slice() {
            self.tree.release(id);
            return Ok(only);
        }
        self.tree.replace(id, if subs.is_empty() { Node::Empty } else { Node::Concat(subs) });
        Ok(id)
    }

    /// Measures a node again whose children have changed.
    fn measured(&mut self, id: NodeId) -> Result<NodeId, Refusal> {
        let node = self.tree.take(id);
        self.budget.spend(node.children().len())?;
        self.tree.replace(id, node);
        Ok(id)
    }

    /// The alternatives, neighbours that are sets of characters made one set.
    fn with_sets_merged(&mut self, items: Vec<NodeId>) -> Result<Vec<NodeId>, Refusal> {
        let mut out = Vec::with_capacity(items.len());
        let mut sets: Vec<NodeId> = Vec::new();
        for id in items {
            if self.tree.node(id).set_rank().is_some() {
                sets.push(id);
            } else {
                self.merge_sets(&mut sets, &mut out)?;
                out.push(id);
            }
        }
        self.merge_sets(&mut sets, &mut out)?;
        Ok(out)
    }

    fn merge_sets(&mut self, sets: &mut Vec<NodeId>, out: &mut Vec<NodeId>) -> Result<(), Refusal> {
        let rank = |id: &NodeId| (self.tree.node(*id).set_rank(), self.set_cost(*id));
        // Into the most complex, so that little is copied.
        if let Some(into) = sets.iter().copied().max_by_key(rank) {
            let several = sets.len() > 1;
            for from in sets.drain(..).filter(|&from| from != into) {
                self.merge_set(into, from)?;
            }
            if several {
                self.tree.tidy_set(into);
            }
            out.push(into);
        }
        Ok(())
    }

    fn without_repeated_empties(&self, items: &[NodeId]) -> Vec<NodeId> {
        let empty = |id: &NodeId| matches!(self.tree.node(*id), Node::Empty);
        let mut out: Vec<NodeId> = Vec::with_capacity(items.len());
        for id in items {
            if !(empty(id) && out.last().is_some_and(empty)) {
                out.push(*id);
            }
        }
        out
    }
}
