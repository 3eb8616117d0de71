//! The syntax tree of a regular expression, in one table, so that depth costs no stack.
//!
//! It has the shape that Go's has, because Go limits the shape: the height, and the product of nested repetitions.

use super::class::{self, Span};
use super::syntax::Flags;
use super::{Budget, Refusal};

/// The number of a node in its tree.
pub(super) type NodeId = u32;

/// Go's limit for the height of a tree.
const MAX_HEIGHT: u32 = 1000;

/// Go's limit for the size of a compiled expression, in its own estimate.
const MAX_SIZE: u64 = (128 << 20) / 40;

/// Characters in a row: a part of the tree's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// One construct.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Matches nothing.
    Never,
    /// Matches the empty text.
    Empty,
    /// Matches these characters; with `fold`, each in any case, and then it stands here in its least.
    Literal {
        fold: bool,
        run: Run,
    },
    /// Matches one character of the set.
    Class(Vec<Span>),
    /// Matches one character other than the line feed.
    AnyNotNewline,
    /// Matches one character.
    Any,
    BeginLine,
    EndLine,
    BeginText,
    EndText,
    WordBoundary,
    NotWordBoundary,
    Capture(NodeId),
    Star(NodeId),
    Plus(NodeId),
    Quest(NodeId),
    Repeat {
        sub: NodeId,
        min: u16,
        max: Option<u16>,
        lazy: bool,
    },
    Concat(Vec<NodeId>),
    Alternate(Vec<NodeId>),
    /// While parsing: an open parenthesis, and the flags to return to when it closes.
    Open {
        captures: bool,
        flags: Flags,
    },
    /// While parsing: a vertical bar.
    Bar,
}

impl Node {
    /// The nodes directly below.
    pub(super) fn children(&self) -> &[NodeId] {
        match self {
            Node::Capture(sub) | Node::Star(sub) | Node::Plus(sub) | Node::Quest(sub) | Node::Repeat { sub, .. } => {
                std::slice::from_ref(sub)
            }
            Node::Concat(subs) | Node::Alternate(subs) => subs,
            _ => &[],
        }
    }

    /// How complex a set of characters it is; `None` if it is none.
    pub(super) fn set_rank(&self) -> Option<u8> {
        match self {
            Node::Literal { run, .. } if run.len == 1 => Some(0),
            Node::Class(_) => Some(1),
            Node::AnyNotNewline => Some(2),
            Node::Any => Some(3),
            _ => None,
        }
    }

    /// Whether it stands for nothing in the expression but marks a place on the stack.
    pub(super) fn is_mark(&self) -> bool {
        matches!(self, Node::Open { .. } | Node::Bar)
    }
}

#[derive(Debug)]
struct Slot {
    node: Node,
    /// How many nodes the longest way down passes, this one included.
    height: u32,
    /// How many copies of an innermost thing nested repetitions ask for.
    copies: u32,
    /// Go's estimate of the instructions needed.
    size: u64,
}

/// All nodes of an expression.
#[derive(Debug, Default)]
pub(super) struct Tree {
    slots: Vec<Slot>,
    free: Vec<NodeId>,
    text: Vec<u32>,
}

impl Tree {
    /// A node. Numbers come from this tree only, so that the fallback is never taken.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.slot(id).map_or(&Node::Never, |slot| &slot.node)
    }

    /// How many nodes the longest way down from a node passes.
    pub(super) fn height(&self, id: NodeId) -> u32 {
        self.slot(id).map_or(0, |slot| slot.height)
    }

    /// Go's estimate of the instructions for a node.
    pub(super) fn size(&self, id: NodeId) -> u64 {
        self.slot(id).map_or(0, |slot| slot.size)
    }

    /// Whether nested repetitions keep within Go's limit of a thousand copies.
    pub(super) fn repeats_are_valid(&self, id: NodeId) -> bool {
        self.slot(id).is_none_or(|slot| slot.copies <= 1000)
    }

    /// Adds a node.
    pub(super) fn add(&mut self, node: Node, budget: &mut Budget) -> Result<NodeId, Refusal> {
        let slot = self.measured(node);
        if let Some(id) = self.free.pop()
            && let Some(place) = self.slots.get_mut(id as usize)
        {
            *place = slot;
            return Ok(id);
        }
        budget.spend(4)?;
        let id = u32::try_from(self.slots.len()).map_err(|_| Refusal::TooLarge)?;
        self.slots.push(slot);
        Ok(id)
    }

    /// Puts another node in the place of one.
    pub(super) fn replace(&mut self, id: NodeId, node: Node) {
        let slot = self.measured(node);
        if let Some(place) = self.slots.get_mut(id as usize) {
            *place = slot;
        }
    }

    /// Takes a node out of its place, which stays empty until it is replaced or released.
    pub(super) fn take(&mut self, id: NodeId) -> Node {
        self.slots.get_mut(id as usize).map_or(Node::Never, |slot| std::mem::replace(&mut slot.node, Node::Never))
    }

    /// Gives a place back. The nodes below keep theirs.
    pub(super) fn release(&mut self, id: NodeId) {
        self.take(id);
        self.free.push(id);
    }

    /// Go's limits for a node that has been made or changed.
    pub(super) fn check(&self, id: NodeId) -> Result<(), Refusal> {
        // Go would accept some expressions beyond its size, having counted wrong, and die on them.
        if self.size(id) > MAX_SIZE {
            return Err(Refusal::TooLarge);
        }
        if self.height(id) > MAX_HEIGHT {
            return Err(Refusal::TooDeep);
        }
        Ok(())
    }

    /// The characters of a literal.
    pub(super) fn characters(&self, run: Run) -> &[u32] {
        let start = run.start as usize;
        self.text.get(start..start.saturating_add(run.len as usize)).unwrap_or_default()
    }

    /// Adds a character to the text.
    pub(super) fn character(&mut self, c: u32, budget: &mut Budget) -> Result<Run, Refusal> {
        budget.spend(1)?;
        let start = u32::try_from(self.text.len()).map_err(|_| Refusal::TooLarge)?;
        self.text.push(c);
        Ok(Run { start, len: 1 })
    }

    /// Two literals as one. Neighbours in the text, which they nearly always are, cost nothing.
    pub(super) fn joined(&mut self, first: Run, second: Run, budget: &mut Budget) -> Result<Run, Refusal> {
        let len = first.len.saturating_add(second.len);
        if first.start.saturating_add(first.len) == second.start {
            return Ok(Run { start: first.start, len });
        }
        budget.spend(len as usize)?;
        let start = u32::try_from(self.text.len()).map_err(|_| Refusal::TooLarge)?;
        let both = [self.characters(first), self.characters(second)].concat();
        self.text.extend_from_slice(&both);
        Ok(Run { start, len })
    }

    /// Cleans a set that stands in an alternation, and calls it by its short name if it has one.
    pub(super) fn tidy_set(&mut self, id: NodeId) {
        let Some(Slot { node, .. }) = self.slots.get_mut(id as usize) else { return };
        if let Node::Class(spans) = node {
            class::clean(spans);
            if spans == class::ALL {
                *node = Node::Any;
            } else if spans == class::NOT_NEWLINE {
                *node = Node::AnyNotNewline;
            }
        }
    }

    fn slot(&self, id: NodeId) -> Option<&Slot> {
        self.slots.get(id as usize)
    }

    fn measured(&self, node: Node) -> Slot {
        let (mut height, mut copies, mut sum) = (0, 1, 0_u64);
        for slot in node.children().iter().filter_map(|&child| self.slot(child)) {
            height = height.max(slot.height);
            copies = copies.max(slot.copies);
            sum = sum.saturating_add(slot.size);
        }
        let size = match &node {
            Node::Literal { run, .. } => u64::from(run.len),
            Node::Capture(_) | Node::Star(_) => sum.saturating_add(2),
            Node::Plus(_) | Node::Quest(_) => sum.saturating_add(1),
            Node::Alternate(subs) => sum.saturating_add(subs.len() as u64).saturating_sub(1),
            Node::Repeat { min: 0, max: None, .. } => sum.saturating_add(2),
            Node::Repeat { min, max: None, .. } => sum.saturating_mul(u64::from(*min)).saturating_add(1),
            Node::Repeat { min, max: Some(max), .. } => {
                sum.saturating_mul(u64::from(*max)).saturating_add(u64::from(max.saturating_sub(*min)))
            }
            _ => sum,
        };
        if let Node::Repeat { min, max, .. } = node {
            copies = match max.unwrap_or(min) {
                0 if max.is_some() => 0,
                0 => copies,
                times => copies.saturating_mul(u32::from(times)),
            };
        }
        Slot { node, height: height.saturating_add(1), copies, size: size.max(1) }
    }
}
