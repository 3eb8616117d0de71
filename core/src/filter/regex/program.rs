//! A compiled expression: instructions for [`search`](super::search). Compiling needs no recursion either.

use super::class::{self, Span};
use super::fold;
use super::tree::{Node, NodeId, Tree};
use super::{Budget, Refusal};
use std::collections::HashMap;

/// The number of an instruction.
pub(super) type Pc = u32;

/// One instruction. Those that take a character, and the conditions, go on with the next instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inst {
    /// The text matches.
    Match,
    /// This way ends.
    Fail,
    /// Goes on elsewhere.
    Jump(Pc),
    /// Goes on at both places.
    Split(Pc, Pc),
    /// Takes a character of a range.
    Range(u32, u32),
    /// Takes one of two characters.
    Either(u32, u32),
    /// Takes a character other than the line feed.
    NotNewline,
    /// Takes a character of a set: from where in the program's ranges, and how many.
    Set(u32, u32),
    /// Goes on if the place is right.
    Assert(Place),
}

/// A condition for a place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    BeginText,
    EndText,
    BeginLine,
    EndLine,
    WordBoundary,
    NotWordBoundary,
}

/// Instructions, the first of which is number 0.
#[derive(Debug)]
pub(super) struct Program {
    insts: Vec<Inst>,
    spans: Vec<Span>,
}

/// No instruction: the end of a chain of places to be filled in.
const NONE: Pc = Pc::MAX;

/// What is still to be compiled, the next on top.
enum Task {
    Node(NodeId),
    /// So many copies.
    Times(NodeId, u16),
    /// So many optional copies; whoever does without goes where the chain will lead.
    Optional(NodeId, u16, Pc),
    /// One copy or more.
    Plus(NodeId),
    /// Back to this place, or on.
    Again(Pc),
    /// Back to the branch at this place, whose other way is here.
    Loop(Pc),
    /// The other way of the branch at this place is here.
    Here(Pc),
    /// The alternative with this number is next; the branch before it, and a chain of the ends of those before.
    Alternative(NodeId, usize, Pc, Pc),
    /// The ends of this chain lead here.
    End(Pc),
}

impl Program {
    /// Compiles the tree of an expression of `len` bytes.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLarge`] if repetitions multiply to more instructions than the budget pays for.
    pub(super) fn compile(tree: &Tree, root: NodeId, len: usize, budget: &mut Budget) -> Result<Program, Refusal> {
        let mut compiler = Compiler {
            tree,
            program: Program { insts: Vec::new(), spans: Vec::new() },
            budget,
            // No byte makes more than three instructions by itself.
            cheap: len.saturating_mul(4),
            sets: HashMap::new(),
            tasks: vec![Task::Node(root)],
        };
        while let Some(task) = compiler.tasks.pop() {
            compiler.budget.spend(1)?;
            compiler.run(task)?;
        }
        compiler.emit(Inst::Match)?;
        Ok(compiler.program)
    }

    /// How many instructions there are.
    pub(super) fn len(&self) -> usize {
        self.insts.len()
    }

    /// An instruction. Numbers come from this program only, so that the fallback is never taken.
    pub(super) fn inst(&self, pc: Pc) -> Inst {
        self.insts.get(pc as usize).copied().unwrap_or(Inst::Fail)
    }

    /// The ranges of a set.
    pub(super) fn spans(&self, start: u32, len: u32) -> &[Span] {
        let start = start as usize;
        self.spans.get(start..start.saturating_add(len as usize)).unwrap_or_default()
    }
}

struct Compiler<'t, 'b> {
    tree: &'t Tree,
    program: Program,
    budget: &'b mut Budget,
    /// How many instructions cost little. Those beyond come from repetitions, by which a short expression could make a
    /// search take minutes.
    cheap: usize,
    /// Sets that are compiled already, since repetitions meet them again.
    sets: HashMap<NodeId, Inst>,
    tasks: Vec<Task>,
}

impl Compiler<'_, '_> {
    fn run(&mut self, task: Task) -> Result<(), Refusal> {
        match task {
            Task::Node(id) => self.node(id)?,
            Task::Times(_, 0) => {}
            Task::Times(id, times) => {
                self.tasks.push(Task::Times(id, times.saturating_sub(1)));
                self.tasks.push(Task::Node(id));
            }
            Task::Optional(_, 0, chain) => self.lead_here(chain),
            Task::Optional(id, times, chain) => {
                let branch = self.branch(chain)?;
                self.tasks.push(Task::Optional(id, times.saturating_sub(1), branch));
                self.tasks.push(Task::Node(id));
            }
            Task::Plus(id) => {
                self.tasks.push(Task::Again(self.here()));
                self.tasks.push(Task::Node(id));
            }
            Task::Again(start) => {
                let next = self.here().saturating_add(1);
                self.emit(Inst::Split(start, next))?;
            }
            Task::Loop(branch) => {
                self.emit(Inst::Jump(branch))?;
                self.lead_here(branch);
            }
            Task::Here(branch) => self.lead_here(branch),
            Task::Alternative(id, number, branch, ends) => {
                let ends = self.emit(Inst::Jump(ends))?;
                self.lead_here(branch);
                self.alternative(id, number, ends)?;
            }
            Task::End(ends) => self.lead_here(ends),
        }
        Ok(())
    }

    fn node(&mut self, id: NodeId) -> Result<(), Refusal> {
        let place = match self.tree.node(id) {
            Node::Empty | Node::Open { .. } | Node::Bar => return Ok(()),
            Node::Never => return self.emit(Inst::Fail).map(drop),
            Node::Literal { fold, run } => return self.literal(*fold, self.tree.characters(*run)),
            Node::Class(spans) => return self.set(id, spans),
            Node::AnyNotNewline => return self.emit(Inst::NotNewline).map(drop),
            Node::Any => return self.emit(Inst::Range(0, class::LAST)).map(drop),
            Node::Capture(sub) => {
                self.tasks.push(Task::Node(*sub));
                return Ok(());
            }
            Node::Star(sub) => return self.star(*sub),
            Node::Plus(sub) => {
                self.tasks.push(Task::Plus(*sub));
                return Ok(());
            }
            Node::Quest(sub) => {
                let branch = self.branch(NONE)?;
                self.tasks.extend([Task::Here(branch), Task::Node(*sub)]);
                return Ok(());
            }
            Node::Repeat { sub, min: 0, max: None, .. } => return self.star(*sub),
            Node::Repeat { sub, min, max: None, .. } => {
                self.tasks.extend([Task::Plus(*sub), Task::Times(*sub, min.saturating_sub(1))]);
                return Ok(());
            }
            Node::Repeat { sub, min, max: Some(max), .. } => {
                let more = max.saturating_sub(*min);
                self.tasks.extend([Task::Optional(*sub, more, NONE), Task::Times(*sub, *min)]);
                return Ok(());
            }
            Node::Concat(subs) => {
                self.tasks.extend(subs.iter().rev().map(|&sub| Task::Node(sub)));
                return Ok(());
            }
            Node::Alternate(_) => return self.alternative(id, 0, NONE),
            Node::BeginLine => Place::BeginLine,
            Node::EndLine => Place::EndLine,
            Node::BeginText => Place::BeginText,
            Node::EndText => Place::EndText,
            Node::WordBoundary => Place::WordBoundary,
            Node::NotWordBoundary => Place::NotWordBoundary,
        };
        self.emit(Inst::Assert(place)).map(drop)
    }

    fn star(&mut self, sub: NodeId) -> Result<(), Refusal> {
        let branch = self.branch(NONE)?;
        self.tasks.extend([Task::Loop(branch), Task::Node(sub)]);
        Ok(())
    }

    /// Goes on with an alternative; those before it end in the chain.
    fn alternative(&mut self, id: NodeId, number: usize, ends: Pc) -> Result<(), Refusal> {
        let subs = self.tree.node(id).children();
        let Some(&sub) = subs.get(number) else { return Ok(()) };
        let next = number.saturating_add(1);
        if next == subs.len() {
            self.tasks.push(Task::End(ends));
        } else {
            let branch = self.branch(NONE)?;
            self.tasks.push(Task::Alternative(id, next, branch, ends));
        }
        self.tasks.push(Task::Node(sub));
        Ok(())
    }

    fn literal(&mut self, fold: bool, characters: &[u32]) -> Result<(), Refusal> {
        for &c in characters {
            if !fold {
                self.emit(Inst::Range(c, c))?;
                continue;
            }
            let mut cases = fold::cases(c).skip(1);
            let inst = match (cases.next(), cases.next()) {
                (None, _) => Inst::Range(c, c),
                (Some(other), None) => Inst::Either(c, other),
                _ => {
                    let mut spans: Vec<Span> = fold::cases(c).map(|c| (c, c)).collect();
                    class::clean(&mut spans);
                    self.add_set(&spans)?
                }
            };
            self.emit(inst)?;
        }
        Ok(())
    }

    fn set(&mut self, id: NodeId, spans: &[Span]) -> Result<(), Refusal> {
        let inst = match self.sets.get(&id) {
            Some(inst) => *inst,
            None => self.add_set(spans)?,
        };
        self.sets.insert(id, inst);
        self.emit(inst).map(drop)
    }

    fn add_set(&mut self, spans: &[Span]) -> Result<Inst, Refusal> {
        Ok(match *spans {
            [] => Inst::Fail,
            [(first, last)] => Inst::Range(first, last),
            _ => {
                self.budget.spend(spans.len())?;
                let start = u32::try_from(self.program.spans.len()).map_err(|_| Refusal::TooLarge)?;
                self.program.spans.extend_from_slice(spans);
                Inst::Set(start, u32::try_from(spans.len()).map_err(|_| Refusal::TooLarge)?)
            }
        })
    }

    fn here(&self) -> Pc {
        Pc::try_from(self.program.insts.len()).unwrap_or(NONE)
    }

    fn emit(&mut self, inst: Inst) -> Result<Pc, Refusal> {
        self.budget.spend(if self.program.insts.len() < self.cheap { 2 } else { 64 })?;
        let pc = self.here();
        self.program.insts.push(inst);
        Ok(pc)
    }

    /// A branch: one way goes on here, the other where its chain will lead.
    fn branch(&mut self, chain: Pc) -> Result<Pc, Refusal> {
        let next = self.here().saturating_add(1);
        self.emit(Inst::Split(next, chain))
    }

    /// Fills this place in for all open ends of a chain. Each of them names the one before.
    fn lead_here(&mut self, mut chain: Pc) {
        let here = self.here();
        while let Some(Inst::Split(_, to) | Inst::Jump(to)) = self.program.insts.get_mut(chain as usize) {
            chain = std::mem::replace(to, here);
        }
    }
}
